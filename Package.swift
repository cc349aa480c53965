// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// A library of ours: Swift 6, with the upcoming features that every target uses.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + dependencies,
        resources: resources,
        swiftSettings: settings
    )
}

let package = Package(
    name: "causeway",
    products: [
        .executable(name: "causeway-hub", targets: ["causeway-hub"]),
        .executable(name: "causeway-agent", targets: ["causeway-agent"]),
        .executable(name: "causewayctl", targets: ["causewayctl"]),
        .executable(name: "causeway-supervisor", targets: ["causeway-supervisor"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "COpenSSLShims", dependencies: ["COpenSSL"]),
        .target(name: "CKubernetesSchemas"),
        .target(name: "CLinuxShims"),

        // Pure: values in, values out
        library("JSONTree"),
        library("KubernetesModel", ["JSONTree", "CKubernetesSchemas"]),
        library("OffloadingModel", ["Sessions", "JSONTree", "KubernetesModel"]),
        library("Wire", ["JSONTree", "KubernetesModel"]),
        library("Sessions", ["Wire", "JSONTree", "KubernetesModel", collections]),
        library("Scheduling", ["JSONTree", "KubernetesModel", collections]),
        library("PodRecords", ["JSONTree"]),

        // Edge: sockets, OpenSSL, zlib, SQLite, processes, clocks
        library("Digests", ["COpenSSL", "COpenSSLShims"]),
        library("TLSTransport", ["COpenSSL", "COpenSSLShims", "Digests", nioCore]),
        library(
            "PeerTransport",
            [
                "CZlib", "TLSTransport", "Digests", "Wire", "Sessions", "JSONTree", nioCore, nioPosix, logging,
                collections,
            ]),
        library(
            "HTTPTransport", ["CZlib", "TLSTransport", "Digests", nioCore, nioPosix, nioHTTP1, nioWebSocket, logging]),
        library("ClusterAPI", ["JSONTree", "KubernetesModel", logging, collections]),
        library(
            "KubernetesClient",
            [
                "ClusterAPI", "PodSessions", "HTTPTransport", "TLSTransport", "Digests", "JSONTree", "KubernetesModel",
                nioCore, nioPosix,
                nioHTTP1, logging, yams, subprocess,
            ]),
        library("PodSessions", ["ClusterAPI", "HTTPTransport", "JSONTree", "KubernetesModel", nioCore, nioHTTP1]),
        library("SchedulerLoop", ["Scheduling", "ClusterAPI", "JSONTree", "KubernetesModel", logging]),
        library("PodHost", ["CLinuxShims", "PodRecords", "JSONTree"]),
        library(
            "PodRuntime",
            [
                "CLinuxShims", "PodHost", "PodRecords", "ClusterAPI", "JSONTree", "KubernetesModel", "Digests", logging,
                subprocess, yams,
            ]),
        library(
            "EmbeddedCluster",
            [
                "CSQLite", "ClusterAPI", "PodSessions", "HTTPTransport", "TLSTransport", "Digests", "PodRuntime",
                "SchedulerLoop", "Scheduling",
                "JSONTree", "KubernetesModel", nioCore, nioPosix, nioHTTP1, logging, collections, yams,
            ]),
        library(
            "Enrolment",
            [
                "OffloadingModel", "ClusterBootstrap", "ClusterAPI", "PeerTransport", "TLSTransport", "Digests",
                "Sessions", "Wire", "JSONTree",
                "KubernetesModel", logging,
            ]),
        library(
            "KubeletServer",
            [
                "ClusterAPI", "PodSessions", "HTTPTransport", "TLSTransport", "JSONTree", "KubernetesModel", nioCore,
                nioPosix, nioHTTP1,
                logging,
            ]),
        library(
            "AdmissionWebhook",
            [
                "ClusterBootstrap", "ClusterAPI", "HTTPTransport", "TLSTransport", "OffloadingModel", "JSONTree",
                "KubernetesModel", nioCore, nioPosix, nioHTTP1, logging,
            ]),
        library("Leadership", ["ClusterAPI", "JSONTree", "KubernetesModel", logging]),
        library(
            "ClusterBootstrap", ["ClusterAPI", "OffloadingModel", "Digests", "JSONTree", "KubernetesModel", logging]),

        // What each side decides
        library(
            "Hub",
            [
                "OffloadingModel", "ClusterBootstrap", "Enrolment",
                "ClusterAPI", "PeerTransport", "TLSTransport", "Digests", "Sessions", "Wire", "Scheduling",
                "JSONTree", "KubernetesModel", nioCore, logging,
            ]),
        library(
            "Agent",
            [
                "OffloadingModel", "ClusterBootstrap", "Enrolment",
                "ClusterAPI", "PeerTransport", "TLSTransport", "Digests", "Sessions", "Wire",
                "JSONTree", "KubernetesModel", nioCore, nioPosix, logging,
            ]),
        library(
            "CommandLineTool",
            [
                "OffloadingModel", "ClusterBootstrap",
                "KubernetesClient", "HTTPTransport", "ClusterAPI", "Digests", "Sessions", "Wire", "Scheduling",
                "JSONTree",
                "KubernetesModel", argumentParser, logging, yams,
            ]),

        // Programs: flags, configuration, wiring
        library(
            "Daemon",
            [
                "CLinuxShims", "OffloadingModel", "ClusterBootstrap", "Enrolment", "AdmissionWebhook", "Leadership",
                "EmbeddedCluster", "KubernetesClient", "KubeletServer", "ClusterAPI", "PodRuntime", "Scheduling",
                "SchedulerLoop", "TLSTransport", "Digests", "JSONTree",
                "KubernetesModel", argumentParser, logging, yams, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        program(
            "causeway-hub",
            [
                "Hub", "Enrolment", "Digests", "Daemon", "ClusterAPI", "ClusterBootstrap", "EmbeddedCluster",
                "OffloadingModel", "TLSTransport", "KubernetesModel",
                "PeerTransport", argumentParser, logging, nioPosix,
            ]),
        program(
            "causeway-agent",
            [
                "Agent", "Enrolment", "Daemon", "ClusterAPI", "ClusterBootstrap", "EmbeddedCluster", "OffloadingModel",
                "TLSTransport", "KubernetesModel",
                "PeerTransport", "Digests", argumentParser, logging, nioPosix,
            ]),
        program("causewayctl", ["CommandLineTool", argumentParser]),
        program("causeway-supervisor", ["CLinuxShims", "PodHost", "PodRecords"]),

        // Plays the nodes of control planes that have none, for scripts/test-kubernetes
        program(
            "NodeStandIn",
            ["KubernetesClient", "KubeletServer", "ClusterAPI", "PodRuntime", "SchedulerLoop", argumentParser, logging]),

        // Measures the programs, for scripts/bench
        program(
            "Benchmarks",
            [
                "Agent", "Daemon", "Enrolment", "OffloadingModel", "PeerTransport", "Sessions", "Wire", "ClusterAPI",
                "KubernetesClient", "HTTPTransport", "TLSTransport", "Digests", "COpenSSL", "COpenSSLShims",
                "Scheduling",
                "KubernetesModel", "JSONTree", "TestKit", argumentParser, logging, nioCore, nioPosix,
            ]),

        // Everything that decodes what strangers send, under one roof for scripts/fuzz and for the tests that keep what it found
        library(
            "Fuzzing",
            [
                "AdmissionWebhook", "Daemon", "EmbeddedCluster", "KubernetesClient", "PodSessions", "HTTPTransport",
                "PeerTransport", "TLSTransport", "Sessions", "Wire",
                "JSONTree", "KubernetesModel", "OffloadingModel", logging, nioCore, nioEmbedded, nioHTTP1,
            ]),

        // Tests mirror sources
        library(
            "TestKit", ["ClusterAPI", "TLSTransport", "JSONTree", "KubernetesModel", subprocess, nioCore, nioPosix]),
        tests("JSONTree", []),
        tests("KubernetesModel", ["JSONTree"], resources: [.copy("Fixtures")]),
        tests("OffloadingModel", ["JSONTree", "KubernetesModel"]),
        tests("Wire", ["JSONTree", "KubernetesModel"], resources: [.copy("Fixtures")]),
        tests("Sessions", ["Wire", "JSONTree", "KubernetesModel"]),
        tests(
            "Scheduling", ["JSONTree", "KubernetesModel"], resources: [.copy("scheduling-cases.jsonl.gz")]),
        tests("Digests", []),
        tests("TLSTransport", ["Digests", nioCore, nioPosix, nioEmbedded]),
        tests(
            "PeerTransport",
            [
                "TLSTransport", "Digests", "Wire", "Sessions", "JSONTree", "KubernetesModel", "TestKit", nioCore,
                nioPosix,
                nioEmbedded, logging,
            ]),
        tests("HTTPTransport", ["TLSTransport", "TestKit", nioCore, nioPosix, nioHTTP1, nioEmbedded]),
        tests("ClusterAPI", ["TestKit", "JSONTree", "KubernetesModel", logging]),
        tests(
            "KubernetesClient",
            [
                "ClusterAPI", "PodSessions", "HTTPTransport", "TLSTransport", "Digests", "TestKit", "JSONTree",
                "KubernetesModel", nioCore, nioPosix,
                nioHTTP1, logging,
            ]),
        tests(
            "PodSessions",
            [
                "ClusterAPI", "HTTPTransport", "TestKit", "JSONTree", "KubernetesModel", nioCore, nioHTTP1, nioPosix,
                logging,
            ]),
        tests("SchedulerLoop", ["Scheduling", "ClusterAPI", "TestKit", "JSONTree", "KubernetesModel"]),
        tests("PodRecords", ["JSONTree"]),
        tests(
            "PodRuntime",
            ["PodHost", "PodRecords", "causeway-supervisor", "ClusterAPI", "TestKit", "JSONTree", "KubernetesModel"]),
        tests(
            "EmbeddedCluster",
            [
                "ClusterAPI", "KubernetesClient", "HTTPTransport", "TLSTransport", "Digests", "TestKit", "JSONTree",
                "KubernetesModel", "Scheduling", nioCore, nioHTTP1, nioPosix, logging,
            ]),
        tests(
            "KubeletServer",
            [
                "ClusterAPI", "PodSessions", "HTTPTransport", "TLSTransport", "TestKit", "JSONTree", "KubernetesModel",
                nioCore, nioPosix,
                nioHTTP1, logging,
            ]),
        tests(
            "AdmissionWebhook",
            [
                "ClusterBootstrap", "ClusterAPI", "HTTPTransport", "TLSTransport", "Digests", "OffloadingModel",
                "TestKit", "JSONTree",
                "KubernetesModel", nioCore, nioPosix, nioHTTP1, logging,
            ]),
        tests("Leadership", ["ClusterAPI", "TestKit", "JSONTree", "KubernetesModel", logging]),
        tests(
            "ClusterBootstrap", ["ClusterAPI", "OffloadingModel", "TestKit", "JSONTree", "KubernetesModel", logging]),
        tests(
            "Hub",
            [
                "Agent", "Enrolment", "OffloadingModel", "ClusterBootstrap", "ClusterAPI", "PeerTransport",
                "TLSTransport", "Digests",
                "EmbeddedCluster", "Sessions", "Wire", "TestKit", "JSONTree", "KubernetesModel", "Scheduling", nioPosix,
                logging,
            ]),
        tests(
            "Enrolment",
            [
                "OffloadingModel", "ClusterBootstrap", "ClusterAPI", "PeerTransport", "TLSTransport", "Digests",
                "Sessions", "Wire", "TestKit", "JSONTree", "KubernetesModel", logging,
            ]),
        tests(
            "Agent",
            [
                "Enrolment", "OffloadingModel", "ClusterAPI", "PeerTransport", "TLSTransport", "Digests", "Sessions",
                "Wire", "TestKit", "JSONTree",
                "KubernetesModel", nioCore, nioPosix, logging,
            ]),
        tests(
            "CommandLineTool",
            [
                "OffloadingModel", "ClusterBootstrap", "ClusterAPI", "Sessions", "Digests", "Scheduling", "TestKit",
                "JSONTree", "KubernetesModel", argumentParser, yams,
            ]),
        tests(
            "Daemon",
            [
                "OffloadingModel", "ClusterBootstrap", "Enrolment", "ClusterAPI", "TLSTransport", "Digests", "TestKit",
                "JSONTree",
                "KubernetesModel", argumentParser, logging,
            ]),
        tests("Fuzzing", [], resources: [.copy("Corpus")]),
        // The real hub and agents over a simulated network, clock and disk
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Agent", "Hub", "Enrolment", "OffloadingModel", "ClusterAPI", "PeerTransport", "TLSTransport",
                "Digests", "Sessions",
                "Wire", "TestKit", "JSONTree", "KubernetesModel", "Scheduling", logging, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "PeerTransport", "TLSTransport", "Sessions", "Wire", "TestKit", "JSONTree", nioPosix, "causeway-hub",
                "causeway-agent", "causewayctl", "causeway-supervisor",
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu2x
)

// scripts/fuzz builds it with libFuzzer, which brings the main function: an ordinary build could not link it.
if Context.environment["CAUSEWAY_FUZZING"] != nil {
    package.targets.append(.executableTarget(name: "fuzz-decoders", dependencies: ["Fuzzing"]))
}
