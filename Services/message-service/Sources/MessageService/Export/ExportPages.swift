import ChatProtocol

/// The readable pages of an export: HTML without scripts, without anything from elsewhere, and with everything that
/// somebody wrote escaped. A browser that obeys the policy in it would run nothing even so.
/// - SeeAlso: OWASP, Cross Site Scripting Prevention Cheat Sheet.
enum ExportPages {
    /// What comes before the content of a page.
    static func head(_ title: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width">
        <title>\(escaped(title))</title>
        <style>
        body { font: 1rem/1.4 sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }
        ol { list-style: none; padding: 0 }
        li { margin: 0 0 1rem }
        time { color: #666; font-size: .8rem }
        p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate }
        i { color: #666 }
        </style>
        </head>
        <body>
        <h1><bdi>\(escaped(title))</bdi></h1>

        """
    }

    static let foot = "</body>\n</html>\n"

    /// One message of a chat.
    static func message(_ message: Message, from name: String) -> String {
        let text =
            switch message.form {
            case .whole: "<p dir=\"auto\">\(escaped(message.body.text))</p>"
            case .hidden: "<p><i>Hidden: you had blocked the sender.</i></p>"
            case .erased: "<p><i>Erased with the sender's account.</i></p>"
            }
        return """
            <li id="m\(message.seq)"><b><bdi>\(escaped(name))</bdi></b> <time>\(message.sentAt)</time>
            \(text)</li>

            """
    }

    /// A line of the list of chats.
    static func link(to page: String, _ title: String, from first: Int64, to last: Int64) -> String {
        let range = last == 0 ? "no messages" : "\(first) to \(last)"
        return "<li><a href=\"\(escaped(page))\"><bdi>\(escaped(title))</bdi></a>, \(range)</li>\n"
    }

    /// Text as content of an element or of an attribute in double quotes.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
