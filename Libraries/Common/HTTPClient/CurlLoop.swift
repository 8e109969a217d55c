import CCurl
import ClientThread
import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The loop of an ``HTTPClient``'s thread.
final class CurlLoop {
    /// Transfers at a time; the rest waits, where its deadline can still drop it.
    private static let activeMax = 512
    /// Connections to one instance.
    private static let connectionsPerHostMax = 64
    /// Finished handles that are kept for the next transfers.
    private static let idleHandlesMax = 64

    private let inbox: Inbox<HTTPTransfer>
    private let connectTimeout: Duration
    private let connectionLife: Duration
    private let identity: TLSIdentity?
    private let logger: Logger
    private let multi: UnsafeMutableRawPointer
    private var active: [UnsafeMutableRawPointer: CurlEasy] = [:]
    private var idle: [CurlEasy] = []
    private var waiting: [HTTPTransfer] = []

    init(
        inbox: Inbox<HTTPTransfer>, connectTimeout: Duration, connectionLife: Duration, identity: TLSIdentity?,
        logger: Logger
    ) {
        self.inbox = inbox
        self.connectTimeout = connectTimeout
        self.connectionLife = connectionLife
        self.identity = identity
        self.logger = logger
        curl_global_init(Int(CURL_GLOBAL_ALL))
        guard let multi = curl_multi_init() else { preconditionFailure("no curl handle: out of memory") }
        self.multi = multi
        _ = parley_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, Self.connectionsPerHostMax)
        _ = parley_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 256)
    }

    deinit {
        active = [:]
        idle = []
        curl_multi_cleanup(multi)
    }

    func run() {
        var isWoken = true
        while true {
            waiting += inbox.drain(isWoken: isWoken)
            if waiting.isEmpty && active.isEmpty && inbox.end() { return }
            startWaiting()
            var running: Int32 = 0
            let code = curl_multi_perform(multi, &running)
            if code != CURLM_OK { logger.error("curl_multi_perform failed", metadata: ["code": "\(code.rawValue)"]) }
            finishDone()
            isWoken = wait()
        }
    }

    private func startWaiting() {
        var index = 0
        while index < waiting.count, active.count < Self.activeMax {
            let transfer = waiting[index]
            index += 1
            guard !transfer.deadline.hasPassed else {
                transfer.fail(.notSent("its deadline passed while it waited"))
                continue
            }
            guard let easy = idle.popLast() ?? CurlEasy(connectionLife: connectionLife, identity: identity) else {
                transfer.fail(.notSent("out of memory"))
                continue
            }
            easy.prepare(transfer, connectTimeout: connectTimeout)
            active[easy.handle] = easy
            curl_multi_add_handle(multi, easy.handle)
        }
        waiting.removeFirst(index)
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            curl_multi_remove_handle(multi, handle)
            guard let easy = active.removeValue(forKey: handle) else { continue }
            easy.finish(code)
            if idle.count < Self.idleHandlesMax { idle.append(easy) }
        }
    }

    /// - Returns: whether the inbox has woken the thread.
    private func wait() -> Bool {
        var wake = curl_waitfd(fd: inbox.wakeDescriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        var ready: Int32 = 0
        let patience: CInt = !inbox.isEmpty ? 0 : active.isEmpty ? 30_000 : 1000
        let code = curl_multi_poll(multi, &wake, 1, patience, &ready)
        if code != CURLM_OK { logger.error("curl_multi_poll failed", metadata: ["code": "\(code.rawValue)"]) }
        return wake.revents != 0
    }
}
