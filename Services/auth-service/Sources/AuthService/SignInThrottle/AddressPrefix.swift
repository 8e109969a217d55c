import ServiceKit

/// A client's address and the part of it that one customer holds.
package struct AddressPrefix: Sendable, Hashable {
    /// As it is shown in the list of sessions.
    package let address: String
    package let prefix: String

    package init(_ address: String) {
        self.address = address
        prefix = AddressRange.network(of: address)
    }
}
