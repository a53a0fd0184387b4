// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "EdgeColorizer",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "EdgeColorizer", targets: ["EdgeColorizer"])],
    targets: [
        .target(name: "CEdgeColorizer"),
        .target(name: "EdgeColorizer", dependencies: ["CEdgeColorizer"]),
        .testTarget(name: "EdgeColorizerTests", dependencies: ["EdgeColorizer", "CEdgeColorizer"]),
    ]
)
