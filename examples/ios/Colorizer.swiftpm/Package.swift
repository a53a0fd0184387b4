// swift-tools-version:5.9
// An app for iPhone and iPad; open this folder in Xcode or Swift Playgrounds.
import AppleProductTypes
import PackageDescription

let package = Package(
    name: "Colorizer",
    platforms: [.iOS("16.0")],
    products: [
        .iOSApplication(
            name: "Colorizer",
            targets: ["Colorizer"],
            bundleIdentifier: "org.edgecolorizer.app",
            displayVersion: "1.0",
            bundleVersion: "1",
            appIcon: .placeholder(icon: .camera),
            accentColor: .presetColor(.orange),
            supportedDeviceFamilies: [.pad, .phone],
            supportedInterfaceOrientations: [.portrait, .landscapeLeft, .landscapeRight],
            capabilities: [.photoLibrary(purposeString: "To save the coloured photo.")]
        )
    ],
    dependencies: [.package(name: "EdgeColorizer", path: "../../..")],
    targets: [
        .executableTarget(
            name: "Colorizer",
            dependencies: [.product(name: "EdgeColorizer", package: "EdgeColorizer")],
            path: "Sources"
        )
    ]
)
