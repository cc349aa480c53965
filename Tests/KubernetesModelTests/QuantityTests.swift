import JSONTree
import KubernetesModel
import Testing

@Suite struct QuantityTests {
    @Test(
        "the canonical text is Kubernetes' own",
        arguments: [
            ("0", "0"), ("0Mi", "0"), ("-0", "0"), ("1", "1"), ("+1", "1"), ("-1", "-1"), ("100m", "100m"),
            ("1000m", "1"), ("1500m", "1500m"), ("1.5", "1500m"), ("0.1", "100m"), (".5", "500m"), ("5.", "5"),
            ("1000", "1k"), ("1200000", "1200k"), ("1234567", "1234567"), ("1M", "1M"), ("1000k", "1M"),
            ("1024", "1024"), ("1Ki", "1Ki"), ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"),
            ("0.5Gi", "512Mi"), ("0.0001Ki", "102400u"), ("1e3", "1e3"), ("1e4", "10e3"), ("1E3", "1e3"),
            ("1e-3", "1e-3"), ("12e-1", "1200e-3"), ("1E", "1E"), ("1Ei", "1Ei"), ("9E", "9E"),
            ("10E", "9223372036854775807"),
            ("1e100", "9223372036854775807"), ("0.1n", "1n"), ("1.1n", "2n"), ("-0.1n", "-1n"), ("1u", "1u"),
            ("3.9Gi", "4187593113600m"), ("000012", "12"),
        ])
    func canonicalText(text: String, expected: String) throws {
        #expect(try Quantity(text).description == expected)
        #expect(try Quantity(try Quantity(text).description) == Quantity(text))
    }

    @Test(
        "what is no quantity is refused",
        arguments: [
            "", " 1", "1 ", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "-3.01e-", "1e", "1ki",
            "1K",
            "--1", "+", ".", "1Mii", "1e3.5", "0x10", "1_000", "١",
        ])
    func refused(text: String) {
        #expect(throws: Quantity.ParseError.self) { try Quantity(text) }
    }

    @Test(
        "whole units and thousandths round away from zero",
        arguments: [
            ("1", 1, 1000), ("1m", 1, 1), ("1500m", 2, 1500), ("1u", 1, 1), ("-1m", -1, -1),
            ("2Gi", 2_147_483_648, 2_147_483_648_000),
            ("9E", 9_000_000_000_000_000_000, Int.max),
        ])
    func rounding(text: String, value: Int, milliValue: Int) throws {
        let quantity = try Quantity(text)
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milliValue)
    }

    @Test("amounts compare by size, not by spelling")
    func comparison() throws {
        #expect(try Quantity("1000m") == Quantity("1"))
        #expect(try Quantity("1Gi") > Quantity("1G"))
        #expect(try Quantity("-1") < Quantity("1n"))
        #expect(try Set([Quantity("1"), Quantity("1000m")]).count == 1)
    }

    @Test("sums stay exact, keep the left side's format, and stop at the bounds")
    func sums() throws {
        #expect(try (Quantity("100m") + Quantity("1")).description == "1100m")
        #expect(try (Quantity("0") + Quantity("1Gi")).description == "1Gi")
        #expect(try (Quantity("1Gi") - Quantity("1Mi")).description == "1023Mi")
        #expect(try (Quantity("9E") + Quantity("9E")).value == Int.max)
        #expect(try (Quantity("-9E") - Quantity("9E")).value == -Int.max)
    }

    @Test("a field may hold a number")
    func numbers() throws {
        #expect(try Quantity(JSON(parsing: "2")) == Quantity(2))
        #expect(try Quantity(JSON(parsing: "0.25")) == Quantity("250m"))
        #expect(throws: Quantity.ParseError.self) { try Quantity(JSON.bool(true)) }
    }
}
