import CCurl
import ChatProtocol
import ClientThread

/// Owns one easy handle and what it needs to keep alive during a transfer. Reused for one transfer after another.
final class CurlEasy {
    let handle: UnsafeMutableRawPointer
    private(set) var transfer: HTTPTransfer?
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var place: UnsafeMutablePointer<curl_slist>?
    private var response: [UInt8] = []
    private var responseTooLarge = false

    init?(connectionLife: Duration, identity: TLSIdentity?) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        _ = parley_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        _ = parley_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        _ = parley_curl_set_long(handle, CURLOPT_TCP_NODELAY, 1)
        _ = parley_curl_set_long(handle, CURLOPT_MAXLIFETIME_CONN, Int(connectionLife.components.seconds))
        // A name's addresses are asked for again with nearly every new connection: an instance that was started anew
        // has another one, and curl would believe the old one for a minute.
        _ = parley_curl_set_long(handle, CURLOPT_DNS_CACHE_TIMEOUT, 1)
        // A call that is over must not wait for a name server that does not answer: curl would, on the one thread of all
        // calls. The thread that asks ends by itself.
        _ = parley_curl_set_long(handle, CURLOPT_QUICK_EXIT, 1)
        _ = parley_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = parley_curl_set_text(handle, CURLOPT_PROXY, "")
        if let identity { show(identity) }
        _ = parley_curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let easy = Unmanaged<CurlEasy>.fromOpaque(context).takeUnretainedValue()
            return easy.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }
    }

    /// https to those alone whose certificate is of our authority and names them.
    private func show(_ identity: TLSIdentity) {
        _ = parley_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "https")
        _ = parley_curl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_3))
        for (option, pem) in [
            (CURLOPT_SSLCERT_BLOB, identity.certificates), (CURLOPT_SSLKEY_BLOB, identity.key),
            (CURLOPT_CAINFO_BLOB, identity.authority),
        ] {
            _ = parley_curl_set_blob(handle, option, pem, pem.count)
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        curl_slist_free_all(place)
    }

    /// Sets the handle up for a transfer.
    func prepare(_ transfer: HTTPTransfer, connectTimeout: Duration) {
        self.transfer = transfer
        response = []
        responseTooLarge = false
        let request = transfer.request
        var list: UnsafeMutablePointer<curl_slist>?
        // No waiting for "100 Continue" on larger bodies.
        list = curl_slist_append(list, "Expect:")
        for header in request.headers { list = curl_slist_append(list, "\(header.name): \(header.value)") }
        let remaining = max(1, transfer.deadline.remaining.milliseconds)
        let me = Unmanaged.passUnretained(self).toOpaque()
        _ = parley_curl_set_pointer(handle, CURLOPT_PRIVATE, me)
        _ = parley_curl_set_pointer(handle, CURLOPT_WRITEDATA, me)
        _ = parley_curl_set_text(handle, CURLOPT_URL, request.url)
        connect(to: request.address)
        if request.method == "GET" {
            _ = parley_curl_set_long(handle, CURLOPT_HTTPGET, 1)
            _ = parley_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, nil)
        } else {
            _ = parley_curl_set_long(handle, CURLOPT_POST, 1)
            _ = parley_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
            _ = parley_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
            // Copies as many bytes as the size set before it; NULL would make curl read standard input.
            var source = request.body.isEmpty ? [0] : request.body
            source.withUnsafeMutableBytes { bytes in
                _ = parley_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress)
            }
        }
        _ = parley_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
        curl_slist_free_all(headers)
        headers = list
        _ = parley_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(remaining))
        _ = parley_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(min(remaining, connectTimeout.milliseconds)))
    }

    /// curl keeps the connections to each place apart.
    private func connect(to address: String?) {
        // Any host and any port of the URL; an IPv6 address in brackets.
        let list = address.map { curl_slist_append(nil, $0.contains(":") ? "::[\($0)]:" : "::\($0):") }
        _ = parley_curl_set_pointer(handle, CURLOPT_CONNECT_TO, list ?? nil)
        curl_slist_free_all(place)
        place = list ?? nil
    }

    /// Answers the caller. The handle is free afterwards.
    func finish(_ code: CURLcode) {
        guard let transfer else { return }
        self.transfer = nil
        guard code == CURLE_OK else {
            let why = String(cString: curl_easy_strerror(code))
            let before =
                code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST
                || code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL
                || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR
                || code == CURLE_SSL_CERTPROBLEM
            return transfer.fail(before ? .notSent(why) : .noAnswer(responseTooLarge ? "the answer is too large" : why))
        }
        var status = 0
        _ = parley_curl_get_status(handle, &status)
        transfer.continuation.resume(returning: .success(HTTPClientResponse(status: status, body: response)))
        response = []
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard response.count + bytes.count <= HTTPClient.responseBytesMax else {
            responseTooLarge = true
            return false
        }
        response.append(contentsOf: bytes)
        return true
    }
}
