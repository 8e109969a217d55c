import RealtimeGateway
import ServiceKit

await ServiceMain.run(RealtimeGateway.description, build: RealtimeGateway.build)
