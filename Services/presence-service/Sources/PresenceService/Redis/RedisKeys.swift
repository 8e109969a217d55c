/// The keys of presence in Redis. Ids are written as UUIDs, so that `redis-cli` is of use to an operator.
///
///     parley:leases                   sorted set  instance → when its lease runs out (ms)
///     parley:instance:<instance>      hash        service, address, applied (number of the last batch of connections),
///                                                 resetting (the reset under way), swept (how far its end has come)
///     parley:connections:<instance>   hash        connection → "<user> <since ms> <session> <device>"
///     parley:user:<user>              string      "<instance>:<connections> …" while connected,
///                                                 "@<ms>" from the end of the last connection, for 30 days
///     parley:graces                   sorted set  user without a connection → when they count as offline (ms)
///     parley:watched:<instance>       set         users whose changes are pushed to this gateway
///     parley:born                     string      when this Redis was first seen (ms)
///
/// What belongs to an instance goes with its lease; last seen and `born` are all that outlives the gateways. Scripts
/// compute keys from what they find, so it is one Redis (with replicas, if you like) and no Redis Cluster.
struct RedisKeys: Sendable {
    let prefix: String

    var leases: String { prefix + "leases" }
    func user(_ user: some CustomStringConvertible) -> String { "\(prefix)user:\(user)" }
}
