import PresenceService
import ServiceKit

await ServiceMain.run(PresenceService.description) { context in
    try await PresenceService.build(context)
}
