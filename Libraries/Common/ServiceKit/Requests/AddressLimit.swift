import Hummingbird

/// Counts every request of a public listener against the address it comes from, before anything else is done for it.
struct AddressLimit: RouterMiddleware {
    typealias Context = ParleyRequestContext

    let addresses: ClientAddress
    let limiter: RateLimiter<String>

    func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        let address = addresses.of(request, context)
        try limiter.admit(AddressRange.network(of: address), orRefuse: "too many requests from this address")
        return try await next(request, context)
    }
}
