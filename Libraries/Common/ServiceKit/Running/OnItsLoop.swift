package import HummingbirdCore
package import Logging
package import NIOCore

/// Handles the requests of each connection on the thread of its event loop, where their bytes come in and go out.
/// Otherwise every await between the two would switch threads, which costs more than a small request (measured:
/// docs/performance.md). A handler that has to compute for long must leave the loop for that.
package struct OnItsLoop<Base: HTTPChannelHandler>: HTTPChannelHandler {
    private let base: Base

    package init(_ base: Base) { self.base = base }

    package var responder: Responder { base.responder }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger)
    }

    package func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on the thread of an event loop.
package final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
