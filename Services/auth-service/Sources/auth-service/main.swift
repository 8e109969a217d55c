import AuthService
import ServiceKit

await ServiceMain.run(AuthService.description) { context in
    try await AuthService.build(context)
}
