import ChatProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceKit

/// The route of exports.
struct ExportRoute: Sendable {
    let exportChats: ExportChats

    /// - Parameter signedIn: the user of a request, counted against their rate limit.
    func add(
        to routes: some RouterMethods<ParleyRequestContext>,
        signedIn: @escaping @Sendable (ParleyRequestContext) throws(ParleyError) -> UserID
    ) {
        routes.get("export") { _, context in
            let begun = try await exportChats.begin(by: try signedIn(context))
            let headers: HTTPFields = [
                .contentType: "application/zip", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"parley-export.zip\"",
            ]
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { writer in
                    let output = Output(writer)
                    try await exportChats.write(begun) { try await output.write($0) }
                    try await output.finish()
                })
        }
    }

    /// The answer's body, which is handed to the export as a closure.
    private final class Output {
        private var writer: any ResponseBodyWriter

        init(_ writer: any ResponseBodyWriter) { self.writer = writer }

        func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }

        func finish() async throws { try await writer.finish(nil) }
    }
}
