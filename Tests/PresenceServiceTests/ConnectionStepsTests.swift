import ChatProtocol
import Testing

@testable import PresenceService

@Suite("Cutting a batch of connections into steps")
struct ConnectionStepsTests {
    private func batch(opened: Int, closed: Int) -> ConnectionsRequest {
        ConnectionsRequest(
            instance: .make(), number: 1, reset: false,
            opened: (0..<opened).map { _ in
                .init(connection: .make(), user: .make(), session: .make(), device: "web")
            },
            closed: (0..<closed).map { _ in .make() })
    }

    @Test func anEmptyBatchIsOneStepForItHasANumber() {
        let steps = ConnectionSteps.steps(of: batch(opened: 0, closed: 0))
        #expect(steps.count == 1)
        #expect(steps[0].isLast)
    }

    @Test func aSmallBatchIsOneStep() {
        let steps = ConnectionSteps.steps(of: batch(opened: 3, closed: 2))
        #expect(steps.map { $0.opened.count } == [3])
        #expect(steps.map { $0.closed.count } == [2])
        #expect(steps.map(\.isLast) == [true])
    }

    @Test func aLargeBatchIsCutAndOnlyItsEndIsLast() {
        let whole = batch(opened: 375, closed: 300)
        let steps = ConnectionSteps.steps(of: whole)
        #expect(steps.map { $0.opened.count } == [250, 125, 0])
        #expect(steps.map { $0.closed.count } == [0, 125, 175])
        #expect(steps.map(\.isLast) == [false, false, true])
        #expect(steps.flatMap { $0.opened.map(\.connection) } == whole.opened.map(\.connection))
        #expect(steps.flatMap { Array($0.closed) } == whole.closed)
    }

    @Test func whatFillsStepsExactlyLeavesNoEmptyOne() {
        #expect(ConnectionSteps.steps(of: batch(opened: 250, closed: 250)).map(\.isLast) == [false, true])
    }
}
