import CEdgeColorizer
import XCTest

@testable import EdgeColorizer

/// The golden vectors of goldens/, which the Python SDK and the web page are held to as well.
private struct Goldens: Decodable {
    struct Lightness: Decodable {
        let rgb: Data // base64, as JSONDecoder reads data
        let lightness: [Float]
    }

    struct Merge: Decodable {
        struct Chroma: Decodable {
            let height: Int
            let width: Int
            let ab: [Float] // in Lab units
        }

        let height: Int
        let width: Int
        let rgb: Data
        let chroma: Chroma
        let merged: Data
        let half: Data
    }

    let lightness: [Lightness]
    let merge: [Merge]

    static func load() throws -> Goldens {
        // examples/ios/Tests/EdgeColorizerTests/GoldenTests.swift, five steps below the repository's root.
        let root = (0..<5).reduce(URL(fileURLWithPath: #filePath)) { path, _ in path.deletingLastPathComponent() }
        let file = root.appendingPathComponent("goldens/color.json")
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: file))
    }
}

final class GoldenTests: XCTestCase {
    private let path = ColorPath()

    func testLightnessIsPythons() throws {
        for golden in try Goldens.load().lightness {
            // An 8 × 8 photo whose small copy has its own size, and so its own levels.
            let side = 8
            XCTAssertEqual(golden.rgb.count, side * side * 3)
            var levels = [UInt8](golden.rgb)
            let ours = withPhoto(&levels, width: side, height: side) { path.lightness(of: $0, side: side) }
            for (one, other) in zip(ours, golden.lightness) {
                XCTAssertEqual(one, other, accuracy: 1e-5)
            }
        }
    }

    func testPhotosAreMergedAsPythonDoes() throws {
        for golden in try Goldens.load().merge {
            for (strength, expected) in [(Float(1), golden.merged), (0.5, golden.half)] {
                var levels = [UInt8](golden.rgb)
                withPhoto(&levels, width: golden.width, height: golden.height) { photo in
                    path.merge(
                        photo,
                        ab: golden.chroma.ab.map { $0 / 110 },
                        width: golden.chroma.width,
                        height: golden.chroma.height,
                        strength: strength
                    )
                }
                for (one, other) in zip(levels, expected) {
                    XCTAssertLessThanOrEqual(abs(Int(one) - Int(other)), 1)
                }
            }
        }
    }

    private func withPhoto<Answer>(
        _ levels: inout [UInt8], width: Int, height: Int, _ use: (ec_photo) -> Answer
    ) -> Answer {
        levels.withUnsafeMutableBufferPointer { buffer in
            use(
                ec_photo(
                    levels: buffer.baseAddress,
                    row_bytes: width * 3,
                    width: Int32(width),
                    height: Int32(height),
                    pixel_bytes: 3
                )
            )
        }
    }
}
