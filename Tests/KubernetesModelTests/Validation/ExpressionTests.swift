import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Expressions")
struct ExpressionTests {
    private static let schema: JSON = [
        "type": "object",
        "properties": [
            "n": ["type": "integer"], "d": ["type": "number"], "s": ["type": "string"], "b": ["type": "boolean"],
            "l": ["type": "array", "items": ["type": "integer"]],
            "m": ["type": "object", "additionalProperties": ["type": "string"]],
            "o": [
                "type": "object",
                "properties": ["x": ["type": "integer"], "y": ["type": "integer"], "a-b": ["type": "string"]],
            ],
            "p": ["x-kubernetes-int-or-string": true], "t": ["type": "string", "format": "date-time"],
            "w": ["type": "string", "format": "duration"], "namespace": ["type": "string"],
        ],
    ]
    private static let object = #"""
        {"n":3,"d":1.5,"s":"Hello","b":true,"l":[1,2,3],"m":{"k":"v","j":"w"},"o":{"x":7,"a-b":"y"},"p":"80%",
        "t":"2026-01-02T03:04:05Z","w":"90s","namespace":"shop"}
        """#

    private func outcome(_ text: String, old: JSON? = nil) throws -> String {
        let schema = Schema(structural: Self.schema)
        let rule = try #require(ExpressionRule(["rule": .string(text)]))
        switch rule.ask(try JSON(parsing: Self.object), old: old, schema).0 {
        case .holds: return "true"
        case .fails: return "false"
        case .error(let error): return error.message
        }
    }

    @Test(
        "come to what they should",
        arguments: [
            "self.n + 1 == 4", "self.n * 2 - 1 == 5 && 7 / 2 == 3 && -7 % 3 == -1", "self.d > 1.0", "self.n < 3.5",
            "self.s == 'Hello' && self.s + \"!\" == 'Hello!'", "self.b", "!(self.n == 4)", "self.n in [1, 3]",
            "'k' in self.m && !('z' in self.m)", "self.m['k'] == 'v' && self.m.k == 'v'", "self.l[2] == 3",
            "size(self.l) == 3 && self.l.size() == 3 && self.s.size() == 5", "has(self.o.x) && !has(self.o.y)",
            "self.l.all(x, x > 0)", "self.l.exists(x, x == 2)", "self.l.exists_one(x, x > 2)",
            "self.m.all(k, k.size() == 1)",
            "self.l.map(x, x * 2) == [2, 4, 6]", "self.l.map(x, x > 1, x) == [2, 3]",
            "self.l.filter(x, x != 2) == [1, 3]",
            "self.l.all(i, v, v == i + 1)", "self.m.exists(k, v, k == 'j' && v == 'w')", "self.o.a__dash__b == 'y'",
            "self.__namespace__ == 'shop'", "self.n == 3 ? true : 1 / 0 == 1", "1 / 0 == 1 || true",
            "!(1 / 0 == 1 && false)",
            "self.s.matches('^H.*o$')", "self.s.startsWith('He') && self.s.endsWith('lo') && self.s.contains('ell')",
            "self.s.lowerAscii() == 'hello' && self.s.upperAscii() == 'HELLO'", "self.s.substring(1, 3) == 'el'",
            "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']",
            "['a', 'b'].join('-') == 'a-b'",
            "self.s.indexOf('l') == 2 && self.s.lastIndexOf('l') == 3 && self.s.indexOf('z') == -1",
            "self.s.replace('l', 'L') == 'HeLLo' && self.s.replace('l', 'L', 1) == 'HeLlo'", "'  a '.trim() == 'a'",
            "self.l.isSorted() && self.l.sum() == 6 && self.l.min() == 1 && self.l.max() == 3",
            "int('7') == 7 && string(7) == '7' && double(1) == 1.0 && int(2.9) == 2", "type(self.p) == string",
            "self.t > timestamp('2026-01-01T00:00:00Z') && self.t.getFullYear() == 2026 && self.t.getMonth() == 0",
            "self.w == duration('1m30s') && self.w.getSeconds() == 90", "self.t + self.w > self.t",
            "quantity('1Gi').isGreaterThan(quantity('100Mi')) && isQuantity('1k') && !isQuantity('x')",
            "self.?o.?y.orValue(5) == 5 && self.?o.?x.orValue(5) == 7", "self.o.?x.hasValue()",
            "self.m[?'z'].orValue('') == ''",
            "sets.contains([1, 2, 3], [2]) && sets.intersects([1], [1, 2])", "r'\\d' == '\\\\d' && '\\u0041' == 'A'",
            "self.l == [1, 2, 3] && self.l + [4] == [1, 2, 3, 4]", "{'a': 1}['a'] == 1", "0x10 == 16 && 1e3 == 1000.0",
            "// a remark\nself.n == 3", "isURL('https://a/b') && isIP('10.0.0.1') && isCIDR('10.0.0.0/8')",
            "self.?o.optMap(v, v.x + 1).orValue(0) == 8", "'abc'.charAt(1) == 'b'",
        ])
    func holds(_ text: String) throws {
        #expect(try outcome(text) == "true")
        var checker = ExpressionChecker(["self": try #require(ExpressionType(Schema(structural: Self.schema)))])
        let type = try checker.type(of: try ExpressionParser.parse(text))
        #expect(type.fits(.bool))
    }

    @Test(
        "what goes wrong is told in Kubernetes' words",
        arguments: [
            ("self.n == 4", "false"), ("self.l[3] == 1", "index out of bounds: 3"),
            ("self.m['z'] == 'a'", "no such key: z"),
            ("1 / 0 == 1", "division by zero"), ("self.o.y == 1", "no such key: y"),
            ("9223372036854775807 + 1 == 0", "integer overflow"), ("self.p > 5", "no such overload"),
        ])
    func fails(_ text: String, _ message: String) throws { #expect(try outcome(text) == message) }

    @Test(
        "what does not fit the schema is found before there is a value",
        arguments: [
            ("self.z == 1", "undefined field 'z'"), ("other == 1", "undeclared reference to 'other' (in container '')"),
            ("self.n == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
            ("self.s + 1 == 2", "found no matching overload for '_+_' applied to '(string, int)'"),
            ("self.s.nope()", "undeclared reference to 'nope' (in container '')"),
            (
                "self.n.all(x, true)",
                "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"
            ),
            ("self.n.x == 1", "type 'int' does not support field selection"), ("has(self.z)", "undefined field 'z'"),
        ])
    func unfit(_ text: String, _ message: String) throws {
        var checker = ExpressionChecker(["self": try #require(ExpressionType(Schema(structural: Self.schema)))])
        let node = try ExpressionParser.parse(text)
        #expect { try checker.type(of: node) } throws: { ($0 as? ExpressionError)?.message == message }
    }

    @Test(
        "what cannot be read is refused",
        arguments: [
            "", "self.", "1 +", "(1", "'a", "a b", "self.n = 3", "[1,,2]", "has(1)", "@", "1 ? 2", "if",
            "x.all(1, true)",
        ])
    func unreadable(_ text: String) {
        #expect(throws: ExpressionError.self) { try ExpressionParser.parse(text) }
    }

    @Test("what is nested without end, or runs too long, is stopped")
    func bounded() throws {
        #expect(throws: ExpressionError.self) { try ExpressionParser.parse(String(repeating: "(", count: 5000)) }
        #expect(throws: ExpressionError.self) {
            try ExpressionParser.parse(String(repeating: "!", count: 5000) + "true")
        }
        let list = "[" + Array(repeating: "1", count: 120).joined(separator: ",") + "]"
        let text = "\(list).all(a, \(list).all(b, \(list).all(c, \(list).all(d, true))))"
        #expect(try outcome(text) == "operation cancelled: actual cost limit exceeded")
    }

    // MARK: - In custom resources

    private let type = ResourceType(group: "x.io", version: "v1", plural: "xs", kind: "X", isNamespaced: false)
    private let rules = Schema(openAPIV3Schema: [
        "type": "object",
        "properties": [
            "spec": [
                "type": "object", "required": ["x"],
                "x-kubernetes-validations": [
                    ["rule": "self.x + self.y > 0"],
                    [
                        "rule": "self.x < 100", "message": "too large", "fieldPath": ".x",
                        "reason": "FieldValueForbidden",
                    ],
                    ["rule": "self.y >= oldSelf.y", "messageExpression": "'y was ' + string(oldSelf.y)"],
                ],
                "properties": [
                    "x": ["type": "integer"], "y": ["type": "integer"],
                    "list": [
                        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                        "items": [
                            "type": "object", "x-kubernetes-validations": [["rule": "self.v == oldSelf.v"]],
                            "properties": ["k": ["type": "string"], "v": ["type": "integer"]],
                        ],
                    ],
                ],
            ]
        ],
    ])

    private func object(_ spec: String) throws -> KubernetesObject {
        var object = KubernetesObject(type, name: "x", ["metadata": ["resourceVersion": "1", "uid": "u"]])
        object.spec = try JSON(parsing: spec)
        return object
    }

    @Test(
        "rules of a schema are asked of new objects",
        arguments: [
            (#"{"x":1,"y":0}"#, []),
            (#"{"x":0,"y":0}"#, [#"spec: Invalid value: "object": failed rule: self.x + self.y > 0"#]),
            (#"{"x":100,"y":0}"#, ["spec.x: Forbidden: too large"]),
            (
                #"{"y":0}"#,
                [
                    "spec.x: Required value",
                    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
                        + "correct the existing errors to complete validation",
                ]
            ),
            (#"{"x":1}"#, [#"spec: Invalid value: "object": no such key: y evaluating rule: self.x + self.y > 0"#]),
        ])
    func creating(_ spec: String, _ messages: [String]) throws {
        let problems = ObjectValidation.creating(try object(spec), as: type, schema: rules)
        #expect(problems.causes.map { "\($0.field): \($0.message)" } == messages)
    }

    @Test(
        "rules about changes are asked of updates, by the keys of lists; what stays wrong is left alone",
        arguments: [
            (#"{"x":1,"y":0}"#, #"{"x":1,"y":-1,"z":1}"#, 2), (#"{"x":1,"y":5}"#, #"{"x":1,"y":4}"#, 1),
            (#"{"x":0,"y":0}"#, #"{"x":0,"y":0}"#, 0), (#"{"x":0,"y":0}"#, #"{"x":-1,"y":0}"#, 1),
            (#"{"x":1,"y":1,"list":[{"k":"a","v":1}]}"#, #"{"x":1,"y":1,"list":[{"k":"b","v":2},{"k":"a","v":1}]}"#, 0),
            (#"{"x":1,"y":1,"list":[{"k":"a","v":1}]}"#, #"{"x":1,"y":1,"list":[{"k":"b","v":2},{"k":"a","v":2}]}"#, 1),
        ])
    func updating(_ old: String, _ new: String, _ count: Int) throws {
        let problems = ObjectValidation.updating(try object(new), from: try object(old), as: type, schema: rules)
        #expect(problems.causes.count == count, "\(problems.causes)")
    }

    @Test(
        "a definition's rules must be readable, fit its schema, and end in time",
        arguments: [
            ("self.size() < 5", nil), ("self.all(x, x > 0)", nil), ("self.z == 1", "undefined field"),
            ("self.size( <", "Syntax error"),
            ("self.size()", "must evaluate to a bool"), ("self.all(a, self.all(b, a == b))", "exceeds budget"),
            ("", "rule is not specified"),
        ])
    func definition(_ rule: String, _ message: String?) throws {
        var problems = FieldProblems()
        let isObject = message == "undefined field"
        let schema: JSON = [
            "type": "object",
            "properties": [
                "spec": isObject
                    ? [
                        "type": "object", "properties": ["x": ["type": "integer"]],
                        "x-kubernetes-validations": [["rule": .string(rule)]],
                    ]
                    : [
                        "type": "array", "items": ["type": "integer"],
                        "x-kubernetes-validations": [["rule": .string(rule)]],
                    ]
            ],
        ]
        DefinitionExpressions.check(schema, FieldPath("s"), &problems)
        if let message {
            #expect(problems.causes.first?.field == "s.properties[spec].x-kubernetes-validations[0].rule")
            #expect(problems.causes.first?.message.contains(message) == true, "\(problems.causes)")
        } else {
            #expect(problems.causes.isEmpty, "\(problems.causes)")
        }
    }
}
