import OffloadingModel
import Testing

@Suite("Images that a hub may have run") struct AllowedImagesTests {
    @Test(
        "go by patterns, with any version where none is named",
        arguments: [
            ("*", ["nginx", "registry.example.com:5000/a/b@sha256:00", ""], []),
            ("", [], ["nginx", ""]),
            (
                "nginx, registry.example.com/shop/*",
                [
                    "nginx", "nginx:1.27", "nginx@sha256:0a", "registry.example.com/shop/web:2",
                    "registry.example.com/shop/a/b",
                ],
                [
                    "nginx-evil", "evil/nginx", "docker.io/library/nginx", "registry.example.com/shop",
                    "registry.example.com/other",
                ]
            ),
            ("web:2", ["web:2"], ["web", "web:3", "web:2@sha256:00"]),
            ("registry:5000/*", ["registry:5000/a"], ["registry", "registry:5000"]),
            ("*/web", ["a/web", "a/b/web:1"], ["web", "a/web/b"]),
        ] as [(String, [String], [String])])
    func patterns(_ text: String, _ good: [String], _ bad: [String]) {
        let images = AllowedImages(text)
        for image in good { #expect(images.contains(image), "\(image)") }
        for image in bad { #expect(!images.contains(image), "\(image)") }
    }

    @Test("a pattern of many stars takes no time that anybody notices")
    func stars() {
        let images = AllowedImages(String(repeating: "*a", count: 2000) + "b")
        #expect(!images.contains(String(repeating: "a", count: 4000)))
    }
}
