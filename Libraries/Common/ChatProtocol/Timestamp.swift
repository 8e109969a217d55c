package import StrictJSON

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A moment in Unix milliseconds, written as RFC 3339 UTC with three decimals: `2026-11-23T21:44:00.123Z`.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// This machine's wall clock. Message times come from PostgreSQL's clock instead.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }

    package func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.milliseconds)
    }

    /// The 24 bytes of the text form. The civil date is computed as in Howard Hinnant's "chrono-compatible low-level
    /// date algorithms" (days_from_civil's inverse).
    package var utf8: [UInt8] {
        let (days, timeOfDay) = milliseconds.quotientAndRemainder(flooringBy: 86_400_000)
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(flooringBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int64, digits: Int, then separator: Unicode.Scalar) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: separator))
        }
        append(min(max(year, 0), 9999), digits: 4, then: "-")
        append(month, digits: 2, then: "-")
        append(day, digits: 2, then: "T")
        append(timeOfDay / 3_600_000, digits: 2, then: ":")
        append(timeOfDay / 60_000 % 60, digits: 2, then: ":")
        append(timeOfDay / 1000 % 60, digits: 2, then: ".")
        append(timeOfDay % 1000, digits: 3, then: "Z")
        return text
    }

    package var description: String { String(decoding: utf8, as: UTF8.self) }
}

extension Timestamp: JSONEncodable {
    package func encode(to json: inout JSONWriter) { json.plainString(utf8) }
}

extension Timestamp: JSONDecodable {
    /// Reads the one form this type writes.
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let text = json.stringBytes, let time = Self(text: Array(text)) else {
            throw .mismatch(field, expected: "a time like 2026-11-23T21:44:00.123Z")
        }
        self = time
    }

    init?(text: [UInt8]) {
        guard text.count == 24 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in text[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let milli = number(20..<23), (1...12).contains(month)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.quotientAndRemainder(flooringBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + milli)
        guard utf8 == text else { return nil }
    }
}

extension Int64 {
    fileprivate func quotientAndRemainder(flooringBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds with their fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
