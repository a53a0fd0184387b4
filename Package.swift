// swift-tools-version:5.9
// The colorizer for iOS and macOS; see docs/ios.md.
import PackageDescription

let package = Package(
    name: "EdgeColorizer",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "EdgeColorizer", targets: ["EdgeColorizer"])],
    targets: [
        .target(name: "CEdgeColorizer", path: "native", sources: ["edge_colorizer.c"], publicHeadersPath: "."),
        .target(
            name: "EdgeColorizer",
            dependencies: ["CEdgeColorizer"],
            path: "swift/Sources/EdgeColorizer",
            resources: [.copy("Model")] // as it is: `swift build` does not compile Core ML's models, Colorizer.load does
        ),
        .testTarget(
            name: "EdgeColorizerTests",
            dependencies: ["EdgeColorizer", "CEdgeColorizer"],
            path: "swift/Tests/EdgeColorizerTests"
        ),
    ]
)
