import JSONTree
import KubernetesModel
import Testing

@testable import PodSessions

struct ContainerStatusTests {
    @Test("an exit status survives, whatever it is", arguments: [0, 1, 37, 137, 255])
    func roundTrip(exitCode: Int) throws {
        #expect(try ContainerStatus.exitCode(ContainerStatus.encode(exitCode: exitCode)) == exitCode)
    }

    @Test("an exit status is said as the API server says it")
    func words() {
        #expect(
            ContainerStatus.encode(exitCode: 3).description
                == #"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#
        )
        #expect(ContainerStatus.encode(exitCode: 0).description == #"{"metadata":{},"status":"Success"}"#)
    }

    @Test(
        "whatever tells of no exit status is the refusal that it says",
        arguments: [
            [:], ["status": "Failure", "message": "no such container", "reason": "BadRequest", "code": 400],
            [
                "status": "Failure", "reason": "NonZeroExitCode",
                "details": ["causes": [["reason": "ExitCode", "message": "many"]]],
            ],
            [
                "status": "Failure", "reason": "NonZeroExitCode",
                "details": ["causes": [["reason": "ExitCode", "message": "0"]]],
            ],
        ] as [JSON])
    func refusals(status: JSON) throws {
        let error = try #require(throws: APIError.self) { _ = try ContainerStatus.exitCode(status) }
        #expect(error.code == status["code"]?.int ?? 500)
    }
}
