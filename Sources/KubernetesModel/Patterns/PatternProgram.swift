/// A pattern as instructions, and the machine that runs them in all states at once (Thompson's construction).
struct PatternProgram {
    private enum Instruction {
        case characters(PatternNode.CharacterSet)
        case assertion(PatternNode.Assertion)
        case jump(Int)
        /// Goes on at both places.
        case split(Int, Int)
        case match
    }

    private var instructions: [Instruction] = []

    init(_ root: PatternNode) {
        emit(root)
        instructions.append(.match)
        lastVisit = Array(repeating: 0, count: instructions.count)
    }

    private mutating func emit(_ node: PatternNode) {
        switch node {
        case .empty: break
        case .characters(let set): instructions.append(.characters(set))
        case .assertion(let assertion): instructions.append(.assertion(assertion))
        case .sequence(let parts): for part in parts { emit(part) }
        case .choice(let parts):
            var exits: [Int] = []
            for (place, part) in parts.enumerated() {
                guard place < parts.count - 1 else {
                    emit(part)
                    break
                }
                let split = instructions.count
                instructions.append(.match)
                emit(part)
                exits.append(instructions.count)
                instructions.append(.match)
                instructions[split] = .split(split + 1, instructions.count)
            }
            for exit in exits { instructions[exit] = .jump(instructions.count) }
        case .repetition(let part, let least, let most):
            for _ in 0..<least { emit(part) }
            guard let most else {
                let split = instructions.count
                instructions.append(.match)
                emit(part)
                instructions.append(.jump(split))
                instructions[split] = .split(split + 1, instructions.count)
                return
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(instructions.count)
                instructions.append(.match)
                emit(part)
            }
            for split in splits { instructions[split] = .split(split + 1, instructions.count) }
        }
    }

    // MARK: Running

    /// Per instruction the place in the text, counted from 1, at which it was last reached: each is reached once a place.
    private var lastVisit: [Int] = []
    private var steps = 0
    private var isMatched = false

    mutating func run(_ text: [Unicode.Scalar]) -> Pattern.Outcome {
        var states: [Int] = []
        var next: [Int] = []
        for place in 0...text.count {
            // A match may begin anywhere.
            reach(0, at: place, text, &states)
            if isMatched { return .matches }
            guard place < text.count else { break }
            next.removeAll(keepingCapacity: true)
            for state in states {
                guard case .characters(let set) = instructions[state] else { continue }
                steps += 1 + set.parts.count / 8
                guard set.contains(text[place]) else { continue }
                reach(state + 1, at: place + 1, text, &next)
            }
            if isMatched { return .matches }
            if steps > Pattern.stepLimit { return .tooCostly }
            swap(&states, &next)
        }
        return .differs
    }

    /// Adds the states that follow without reading, from one on. Not by recursion: programs are longer than stacks deep.
    private mutating func reach(_ start: Int, at place: Int, _ text: [Unicode.Scalar], _ states: inout [Int]) {
        var open = [start]
        while let state = open.popLast() {
            guard lastVisit[state] != place + 1 else { continue }
            lastVisit[state] = place + 1
            steps += 1
            switch instructions[state] {
            case .characters: states.append(state)
            case .assertion(let assertion):
                if Self.holds(assertion, at: place, text) { open.append(state + 1) }
            case .jump(let target): open.append(target)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
            case .match: isMatched = true
            }
        }
    }

    private static func holds(_ assertion: PatternNode.Assertion, at place: Int, _ text: [Unicode.Scalar]) -> Bool {
        switch assertion {
        case .textStart: return place == 0
        case .textEnd: return place == text.count
        case .lineStart: return place == 0 || text[place - 1] == "\n"
        case .lineEnd: return place == text.count || text[place] == "\n"
        case .wordBoundary, .noWordBoundary:
            let before = place > 0 && isWord(text[place - 1])
            let after = place < text.count && isWord(text[place])
            return (before != after) == (assertion == .wordBoundary)
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "_", "a"..."z": true
        default: false
        }
    }
}
