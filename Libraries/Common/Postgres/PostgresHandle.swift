import CLibPQ

#if canImport(Glibc)
    import Glibc
#endif

/// Owns one `PGconn`. Confined to the thread that made it; blocking only while it connects and in ``run(script:)``.
final class PostgresHandle {
    let connection: OpaquePointer

    /// Connects (blocking, at most the `connect_timeout` per address) and prepares the session.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        // Later keywords win, so what the URL says overrides the defaults before it.
        let keywords = [
            "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
            "target_session_attrs", "fallback_application_name", "client_encoding", "dbname",
        ]
        let values = [
            "3", "3000", "5", "2", "3", "read-write", configuration.applicationName, "UTF8", configuration.url,
        ]
        let opened = withCStrings(keywords) { keywords in
            withCStrings(values) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let opened else { throw .notSent("out of memory") }
        connection = opened
        guard PQstatus(connection) == CONNECTION_OK else { throw .notSent(lastError) }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        try run(
            script: """
                SET statement_timeout = \(configuration.statementTimeout.wholeMilliseconds);
                SET lock_timeout = \(configuration.lockTimeout.wholeMilliseconds);
                SET idle_in_transaction_session_timeout = 10000;
                \(configuration.sessionSettings.map { "SET \($0)" }.joined(separator: ";\n"))
                """)
    }

    deinit { PQfinish(connection) }

    /// What libpq says of its last failure, on one line.
    var lastError: String {
        String(cString: PQerrorMessage(connection)).split(separator: "\n").joined(separator: " ")
    }

    /// Runs statements without parameters in one implicit transaction and waits for them. For session set-up and
    /// migrations only.
    func run(script: String) throws(PostgresError) {
        let result = PQexec(connection, script)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default: throw error(of: result)
        }
    }

    /// The values of the first column of a query without parameters.
    func column(_ query: String) throws(PostgresError) -> [String] {
        let result = PQexec(connection, query)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw error(of: result) }
        return (0..<PQntuples(result)).map { String(cString: PQgetvalue(result, $0, 0)) }
    }

    func enterPipeline() throws(PostgresError) {
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
            throw .notSent(lastError)
        }
    }

    func error(of result: OpaquePointer?) -> PostgresError {
        guard let result, let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else {
            return .connectionLost(lastError)
        }
        let message = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) } ?? ""
        let constraint = PQresultErrorField(result, Int32(UInt8(ascii: "n"))).map { String(cString: $0) }
        return .server(sqlState: String(cString: state), message: message, constraint: constraint)
    }

    // MARK: Pipeline mode

    /// Queues the parsing of a statement under a name.
    func sendPrepare(_ name: String, _ query: PostgresQuery) -> Bool {
        PQsendPrepare(
            connection, name, query.sql, Int32(query.parameters.types.count), query.parameters.types) == 1
    }

    /// Queues the execution of a named statement with binary parameters and a binary result.
    func sendExecute(_ name: String, _ query: PostgresQuery) -> Bool {
        let parameters = query.parameters
        let count = parameters.types.count
        return parameters.bytes.withUnsafeBytes { bytes in
            var values: [UnsafePointer<CChar>?] = []
            var lengths: [Int32] = []
            var start = 0
            // An empty value still needs an address, or libpq takes it for NULL.
            let base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
            for index in 0..<count {
                let end = parameters.ends[index]
                lengths.append(Int32(end - start))
                values.append(
                    parameters.isNull[index] ? nil : base?.advanced(by: start).assumingMemoryBound(to: CChar.self))
                start = end
            }
            let formats = [Int32](repeating: 1, count: count)
            return PQsendQueryPrepared(connection, name, Int32(count), values, lengths, formats, 1) == 1
        }
    }

    func sendSync() -> Bool { PQpipelineSync(connection) == 1 }
}

/// Lends a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer {
        for copy in copies { free(copy) }
    }
    let pointers = copies.map { UnsafePointer($0) } + [nil]
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("never empty: it ends with nil") }
        return body(base)
    }
}

extension Duration {
    var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

extension PostgresRows {
    /// Copies a result in binary format.
    init(_ result: OpaquePointer?) {
        let rowCount = Int(PQntuples(result))
        let columnCount = Int(PQnfields(result))
        var ends: [Int] = []
        var bytes: [UInt8] = []
        ends.reserveCapacity(rowCount * columnCount)
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                if PQgetisnull(result, row, column) == 1 {
                    ends.append(-1 - bytes.count)
                } else {
                    let length = Int(PQgetlength(result, row, column))
                    let value = UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
                    bytes.append(contentsOf: value)
                    ends.append(bytes.count)
                }
            }
        }
        let affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        self.init(columnCount: columnCount, ends: ends, bytes: bytes, affected: affected)
    }
}
