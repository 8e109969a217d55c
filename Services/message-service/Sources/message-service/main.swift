import MessageService
import ServiceKit

await ServiceMain.run(MessageService.description, build: MessageService.build)
