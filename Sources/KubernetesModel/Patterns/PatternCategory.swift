/// Unicode's general categories by their names in patterns, such as `L` and `Lu`.
enum PatternCategory {
    private static let names: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk",
        .otherSymbol: "So", .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc",
        .format: "Cf", .surrogate: "Cs", .privateUse: "Co", .unassigned: "Cn",
    ]
    private static let known = Set(names.values).union(names.values.map { String($0.prefix(1)) }).union(["Any"])

    static func isKnown(_ name: String) -> Bool { known.contains(name) }

    static func matches(_ scalar: Unicode.Scalar, _ name: String) -> Bool {
        name == "Any" || names[scalar.properties.generalCategory]?.hasPrefix(name) == true
    }
}
