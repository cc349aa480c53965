public import KubernetesModel

/// How much of an edge one hub may use: a part of everything, or of single resources, or fixed amounts.
///
/// As text: `50%`; `cpu=2,memory=4Gi,pods=20`; `50%,pods=10,nvidia.com/gpu=0`. What is not named, and not covered by a part of
/// everything, is not limited.
public struct EdgeShare: Sendable, Hashable, CustomStringConvertible {
    /// How much of one resource.
    public enum Part: Sendable, Hashable {
        /// Of what the edge's nodes have to give, from 0 to 100.
        case percent(Int)
        case amount(Quantity)
    }

    /// Of each resource that is not named.
    public private(set) var ofEverything: Int?
    /// By resource.
    public private(set) var named: [String: Part] = [:]

    /// All that the edge has.
    public static let everything = EdgeShare()

    private init() {}

    /// - Returns: `nil` where the text is no share: a percentage above 100, a negative amount, a name twice, or nothing at all.
    public init?(_ text: String) {
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let equals = entry.firstIndex(of: "=")
            guard let equals else {
                guard ofEverything == nil, let percent = Self.percent(Self.trimmed(entry)) else { return nil }
                ofEverything = percent
                continue
            }
            let name = Self.trimmed(entry[..<equals])
            let value = Self.trimmed(entry[entry.index(after: equals)...])
            guard named[name] == nil, LabelSyntax.problem(key: name) == nil else { return nil }
            if let percent = Self.percent(value) {
                named[name] = .percent(percent)
            } else {
                guard let amount = try? Quantity(value), !amount.isNegative else { return nil }
                named[name] = .amount(amount)
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " }
        while rest.hasSuffix(" ") { rest = rest.dropLast() }
        return String(rest)
    }

    private static func percent(_ text: String) -> Int? {
        guard text.hasSuffix("%"), text.utf8.count <= 4, let number = Int(text.dropLast()), (0...100).contains(number)
        else { return nil }
        return number
    }

    /// Whether nothing is limited.
    public var isEverything: Bool { self == Self.everything || ofEverything == 100 && named.isEmpty }

    /// The most that may be used, by resource; resources that are not limited are left out.
    ///
    /// - Parameters:
    ///   - whole: what the edge's nodes have to give.
    ///   - asked: further resources to be limited by a part of everything: there is nothing of those that the edge has not.
    public func limits(of whole: ResourceAmounts, asked: some Sequence<String> = []) -> ResourceAmounts {
        var limits: ResourceAmounts = [:]
        if let ofEverything {
            for name in asked { limits[name] = .zero }
            for (name, amount) in whole { limits[name] = Self.part(ofEverything, of: amount, name) }
        }
        for (name, part) in named {
            switch part {
            case .percent(let percent): limits[name] = whole[name].map { Self.part(percent, of: $0, name) } ?? .zero
            case .amount(let amount): limits[name] = amount
            }
        }
        return limits
    }

    /// Rounded down: to thousandths of a CPU, and to whole ones of everything else.
    private static func part(_ percent: Int, of amount: Quantity, _ name: String) -> Quantity {
        guard percent < 100 else { return amount }
        return amount.scaled(percent: percent, toMilli: name == "cpu")
    }

    public var description: String {
        guard self != Self.everything else { return "100%" }
        let entries = named.sorted { $0.key < $1.key }.map { name, part in
            switch part {
            case .percent(let percent): "\(name)=\(percent)%"
            case .amount(let amount): "\(name)=\(amount)"
            }
        }
        return ((ofEverything.map { ["\($0)%"] } ?? []) + entries).joined(separator: ",")
    }
}
