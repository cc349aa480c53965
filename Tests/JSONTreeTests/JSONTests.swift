import JSONTree
import Testing

@Suite("JSON text")
struct JSONTextTests {
    @Test(
        "text survives parsing and writing",
        arguments: [
            "null", "true", "false", "0", "-1.50e+10", "\"a\\\"b\\\\c\\n\"", "[]", "{}", "[1,[2,[3]]]",
            #"{"b":1,"a":{"c":[null,true,"ü€😀"]}}"#, "9007199254740993", "1e400",
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSON(parsing: text).text() == text)
    }

    @Test("escapes are read, surrogate pairs joined")
    func escapes() throws {
        #expect(try JSON(parsing: #""\u0041\ud83d\ude00\/\b\f\t""#) == .string("A😀/\u{8}\u{c}\t"))
        #expect(JSON.string("\u{1}").text() == #""\u0001""#)
    }

    @Test(
        "what is not JSON is refused with its code",
        arguments: [
            ("", JSONError.Code.syntax), ("{", .syntax), ("[1,]", .syntax), ("01", .syntax), ("1.", .syntax),
            ("+1", .syntax),
            ("NaN", .syntax), ("\"\u{1}\"", .syntax), ("tru", .syntax), ("1 2", .syntax), ("{\"a\" 1}", .syntax),
            (#"{"a":1,"a":2}"#, .duplicateKey), (#""\ud800""#, .text), (#""\udc00""#, .text),
            (#""\ud800\u0041""#, .text),
        ])
    func refused(_ text: String, _ code: JSONError.Code) {
        #expect { try JSON(parsing: text) } throws: { ($0 as? JSONError)?.code == code }
    }

    @Test("bytes that are not UTF-8 are refused (F14)")
    func notUTF8() {
        let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        #expect { try JSON(parsing: bytes) } throws: { ($0 as? JSONError)?.code == .text }
    }

    @Test("depth, size and number of values are limited (F14)")
    func limits() {
        let deep = String(repeating: "[", count: 100_000)
        #expect { try JSON(parsing: deep) } throws: { ($0 as? JSONError)?.code == .limit }
        let many = "[" + String(repeating: "1,", count: 50) + "1]"
        #expect { try JSON(parsing: many, limits: JSONLimits(values: 50)) } throws: {
            ($0 as? JSONError)?.code == .limit
        }
        #expect { try JSON(parsing: many, limits: JSONLimits(bytes: 50)) } throws: {
            ($0 as? JSONError)?.code == .limit
        }
    }

    @Test("every cut of a text is refused, none crashes (F14)")
    func cuts() throws {
        let text = Array(#"{"a":[1,2.5e3,"x\u00e9\n",true,null,{"b":"😀"}]}"#.utf8)
        _ = try JSON(parsing: text)
        for end in 0..<text.count { #expect(throws: JSONError.self) { try JSON(parsing: text[..<end]) } }
    }

    @Test("equality looks at meaning")
    func equality() throws {
        #expect(try JSON(parsing: #"{"a":1,"b":2.0}"#) == JSON(parsing: #"{"b":2,"a":1e0}"#))
        #expect(try JSON(parsing: "1") != JSON(parsing: "2"))
        #expect(try JSON(parsing: "9007199254740993") != JSON(parsing: "9007199254740992"))
    }

    @Test("a copy is the same value until one of both is changed, however equal they are then")
    func sameness() {
        let first: JSON = ["a": ["b": 1], "list": [1, 2]]
        var copy = first
        #expect(copy.isSame(as: first))
        copy["c"] = 1
        #expect(!copy.isSame(as: first))
        #expect(copy["a"]?.isSame(as: first["a"] ?? .null) == true)
        #expect(copy["list"]?.isSame(as: first["list"] ?? .null) == true)
        copy["c"] = nil
        copy["a"]?["b"] = 2
        copy["a"]?["b"] = 1
        #expect(copy == first)
        #expect(!copy.isSame(as: first))
        #expect(copy["a"]?.isSame(as: first["a"] ?? .null) == false)
        #expect(!JSON.string("x").isSame(as: "x"))
    }

    @Test("members are set, changed in place and removed by path")
    func paths() {
        var json: JSON = [:]
        json["spec", "template", "name"] = "x"
        json["spec"]?["replicas"] = 3
        #expect(json.text() == #"{"spec":{"template":{"name":"x"},"replicas":3}}"#)
        json["spec", "template"] = nil
        json["gone", "deep"] = nil
        #expect(json.text() == #"{"spec":{"replicas":3}}"#)
        json["spec", "replicas"] = 4
        json["status", "phase"] = "Running"
        json["spec", "replicas", "deep"] = nil
        #expect(json.text() == #"{"spec":{"replicas":4},"status":{"phase":"Running"}}"#)
        json["spec", "replicas"] = nil
        json["status"] = "text"
        json["status", "phase"] = nil
        #expect(json.text() == #"{"spec":{},"status":"text"}"#)
        json["status", "phase"] = "Failed"
        #expect(json["status", "phase"] == "Failed")
        var text: JSON = "scalar"
        text["a"] = nil
        #expect(text == "scalar")
    }

    @Test("large objects are found by index, also after removals")
    func large() {
        var object = JSONObject()
        for place in 0..<1000 { object["k\(place)"] = JSON(place) }
        object["k500"] = nil
        #expect(object.count == 999)
        #expect(object["k999"]?.int == 999)
        #expect(object["k500"] == nil)
    }
}

@Suite("JSON patches")
struct JSONPatchTests {
    @Test(
        "a merge patch does what RFC 7396 shows",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        ])
    func merge(_ document: String, _ patch: String, _ result: String) throws {
        var json = try JSON(parsing: document)
        json.merge(try JSON(parsing: patch))
        #expect(try json == JSON(parsing: result))
    }

    @Test("the patch between two values leads from one to the other")
    func difference() throws {
        let a = try JSON(parsing: #"{"x":{"y":1,"z":2},"l":[1]}"#)
        let b = try JSON(parsing: #"{"x":{"y":1,"w":3},"l":[1,2]}"#)
        var c = a
        c.merge(try #require(a.mergePatch(to: b)))
        #expect(c == b)
        #expect(a.mergePatch(to: a) == nil)
    }

    @Test(
        "a JSON patch does what RFC 6902 shows",
        arguments: [
            (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
            (
                #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                #"{"foo":["bar","qux","baz"]}"#
            ),
            (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":"x"}]"#, #"{"foo":["bar","x"]}"#),
            (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
            (#"{"a":{"b":1},"c":{}}"#, #"[{"op":"move","from":"/a/b","path":"/c/d"}]"#, #"{"a":{},"c":{"d":1}}"#),
            (#"{"a/b":{"m~n":1}}"#, #"[{"op":"replace","path":"/a~1b/m~0n","value":2}]"#, #"{"a/b":{"m~n":2}}"#),
            (
                #"{"a":[1]}"#, #"[{"op":"test","path":"/a","value":[1]},{"op":"copy","from":"/a","path":"/b"}]"#,
                #"{"a":[1],"b":[1]}"#
            ),
        ])
    func patch(_ document: String, _ patch: String, _ result: String) throws {
        let patch = try JSONPatch(JSON(parsing: patch))
        #expect(try patch.applied(to: JSON(parsing: document)) == JSON(parsing: result))
    }

    @Test(
        "a patch that does not fit is refused",
        arguments: [
            #"[{"op":"remove","path":"/x"}]"#, #"[{"op":"replace","path":"/x","value":1}]"#,
            #"[{"op":"test","path":"/a","value":2}]"#,
            #"[{"op":"add","path":"/l/5","value":1}]"#, #"[{"op":"add","path":"/l/01","value":1}]"#,
            #"[{"op":"nope","path":"/a"}]"#,
            #"[{"op":"move","from":"/a","path":"/a/b"}]"#, #"[{"op":"add","path":"a"}]"#, #"{"op":"add"}"#,
        ])
    func unfit(_ patch: String) throws {
        let document = try JSON(parsing: #"{"a":1,"l":[1]}"#)
        #expect(throws: JSONError.self) { try JSONPatch(JSON(parsing: patch)).applied(to: document) }
    }

    @Test(
        "a patch that would make a document explode is refused within a second",
        arguments: [
            // Doubles the document with each line.
            String(repeating: #"{"op":"copy","from":"","path":"/a"},{"op":"copy","from":"","path":"/b"},"#, count: 60),
            // The same with an array that holds itself, ever deeper.
            String(repeating: #"{"op":"copy","from":"/l","path":"/l/-"},"#, count: 60),
            // Carries a large part about, over and over.
            #"{"op":"add","path":"/x","value":["\#(String(repeating: "x", count: 100_000))"]},"#
                + String(
                    repeating: #"{"op":"move","from":"/x","path":"/y"},{"op":"move","from":"/y","path":"/x"},"#,
                    count: 3000),
            // Grows in depth by every value.
            (0..<60).map { turn in
                let path = String(repeating: "/d", count: turn * 10 + 1)
                return #"{"op":"add","path":"\#(path)","value":"#
                    + String(repeating: #"{"d":"#, count: 10) + "{}" + String(repeating: "}", count: 10) + "},"
            }.joined(),
        ])
    func explosion(_ operations: String) throws {
        let patch = try JSONPatch(JSON(parsing: "[\(operations)" + #"{"op":"test","path":"/a","value":0}]"#))
        let document = try JSON(parsing: #"{"a":1,"l":[1,2]}"#)
        let start = ContinuousClock.now
        #expect { try patch.applied(to: document) } throws: { ($0 as? JSONError)?.code == .limit }
        #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test("many changes of one large array take no copies of it")
    func manyChanges() throws {
        let operations = (0..<10_000).map { #"{"op":"replace","path":"/l/\#($0)","value":1}"# }.joined(separator: ",")
        let document = JSON.object(["l": .array(Array(repeating: 0, count: 300_000))])
        let patch = try JSONPatch(JSON(parsing: "[\(operations)]"))
        let start = ContinuousClock.now
        #expect(try patch.applied(to: document)["l"]?[9_999] == 1)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test(
        "whether a value is longer than a limit is known at the limit",
        arguments: [#"{"a":[1,"b",null]}"#, "[1,2,3]", "123456"])
    func size(_ text: String) throws {
        let value = try JSON(parsing: text)
        #expect(!value.isLonger(than: text.utf8.count + 3))
        #expect(value.isLonger(than: text.utf8.count - 3))
    }
}

@Suite("JSON fields")
struct JSONFieldsTests {
    @Test("a wrong field is named in full")
    func names() throws {
        let fields = try JSONFields(["a": ["b": [["c": "x"]]]])
        let inner = try fields.object("a").elements("b")[0]
        #expect { try JSONFields(inner.value, at: inner.name).int("c") } throws: {
            "\($0)" == "a.b[0].c: expected a whole number, found string"
        }
        #expect { try fields.string("d") } throws: { "\($0)" == "d: missing" }
        #expect { try fields.allowOnly(["z"]) } throws: { "\($0)" == "a: unknown field" }
    }
}

@Suite("Duplicate keys")
struct DuplicateKeyTests {
    @Test("where they are allowed, the last wins and the path of each is told")
    func lastWins() throws {
        var duplicates: [String] = []
        let text = #"{"a":1,"spec":{"list":[{"n":1},{"n":2,"n":3}],"x":0,"x":{"y":1}},"a":2}"#
        let json = try JSON(parsing: Array(text.utf8), duplicates: &duplicates)
        #expect(duplicates == ["spec.list[1].n", "spec.x", "a"])
        #expect(json == ["a": 2, "spec": ["list": [["n": 1], ["n": 3]], "x": ["y": 1]]])
    }
}

@Suite("JSON objects")
struct JSONObjectTests {
    @Test("members that come and go keep their order, their values and their equality")
    func comingAndGoing() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var object = JSONObject()
        var model: [(key: String, value: JSON)] = []
        for step in 0..<4000 {
            // Grows beyond where objects are indexed, and shrinks again.
            let key = "k\(next(step / 1000 % 2 == 0 ? 120 : 40))"
            let place = model.firstIndex { $0.key == key }
            if next(step / 1000 % 2 == 0 ? 3 : 2) > 0, step / 1000 % 2 == 0 || place != nil {
                object[key] = JSON(step)
                if let place { model[place].value = JSON(step) } else { model.append((key, JSON(step))) }
            } else {
                object[key] = nil
                if let place { model.remove(at: place) }
            }
            guard object.count == model.count else {
                Issue.record("seed \(seed), step \(step): \(object.count) members instead of \(model.count)")
                return
            }
            if step % 50 == 0 {
                #expect(object.keys == model.map(\.key), "seed \(seed), step \(step)")
                #expect(object.values == model.map(\.value), "seed \(seed), step \(step)")
                let fresh = JSONObject(model.map { ($0.key, $0.value) })
                #expect(object == fresh && fresh == object && object.hashValue == fresh.hashValue)
                #expect(model.allSatisfy { object[$0.key] == $0.value })
            }
        }
    }
}
