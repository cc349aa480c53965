import HTTPTransport
import PodSessions
import Wire

/// What comes from clients of exec, attach and port-forward, and from the servers that an agent asks for them.
enum SessionDecoders {
    static func session(_ bytes: [UInt8]) {
        if let message = try? ChannelMessage(parsing: bytes) {
            let again = try? ChannelMessage(parsing: message.encoded)
            precondition(again == message, "a channel's message that was read is not written as it was")
        }
        guard let atOnce = try? frames([bytes]), let oneByOne = try? frames(bytes.map { [$0] }) else { return }
        precondition(atOnce.frames == oneByOne.frames, "frames depend on the pieces in which they come")
        precondition(atOnce.isBroken == oneByOne.isBroken, "errors depend on the pieces in which frames come")
    }

    static func records(_ bytes: [UInt8]) {
        let atOnce = records([bytes])
        let oneByOne = records(bytes.map { [$0] })
        precondition(atOnce.records == oneByOne.records, "records depend on the pieces in which they come")
        precondition(atOnce.isBroken == oneByOne.isBroken, "errors depend on the pieces in which records come")
        guard !atOnce.isBroken else { return }
        let again = records([atOnce.records.flatMap(\.encoded)])
        precondition(again.records == atOnce.records, "a record that was read is not written as it was")
    }

    private static func records(_ pieces: [[UInt8]]) -> (records: [ContainerRecord], isBroken: Bool) {
        var decoder = ContainerRecordDecoder()
        var records: [ContainerRecord] = []
        do {
            for piece in pieces {
                decoder.append(piece)
                while let record = try decoder.next() { records.append(record) }
            }
        } catch {
            return (records, true)
        }
        return (records, false)
    }

    /// - Throws: where zlib cannot start.
    private static func frames(_ pieces: [[UInt8]]) throws -> (frames: [SPDYFrame], isBroken: Bool) {
        var decoder = try SPDYFrameDecoder()
        var frames: [SPDYFrame] = []
        do {
            for piece in pieces {
                decoder.append(piece)
                while let frame = try decoder.next() { frames.append(frame) }
            }
        } catch {
            return (frames, true)
        }
        return (frames, false)
    }
}
