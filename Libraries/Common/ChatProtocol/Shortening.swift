extension String {
    /// As much of the text as has at most `bytesMax` bytes of UTF-8, cut between two Unicode scalars. A limit in
    /// characters would be none, because one character may consist of any number of scalars.
    package func shortened(toBytes bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        // The view of scalars rounds the index down to the start of one.
        return String(unicodeScalars[..<utf8.index(startIndex, offsetBy: bytesMax)])
    }
}
