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

    static func load() throws -> Goldens { try decoded("color.json") }
}

private struct ContractGoldens: Decodable {
    struct Placed: Decodable {
        struct Disc: Decodable {
            let x: Double
            let y: Double
            let color: String // "#rrggbb"
            let radius: Double?

            var hint: Hint {
                let levels = Int(color.dropFirst(), radix: 16)!
                let red = UInt8(levels >> 16), green = UInt8(levels >> 8 & 255), blue = UInt8(levels & 255)
                return Hint(x: x, y: y, red: red, green: green, blue: blue, radius: radius)
            }
        }

        let height: Int
        let width: Int
        let hints: [Disc]
        let placed: [Float]
    }

    struct Blend: Decodable {
        let vividness: Float
        let answers: [String: [Float]]
        let chroma: [Float] // in Lab units
    }

    let side: Int
    let hints: [Placed]
    let blend: [Blend]

    static func load() throws -> ContractGoldens { try decoded("contract.json") }
}

private func decoded<Vectors: Decodable>(_ name: String) throws -> Vectors {
    // swift/Tests/EdgeColorizerTests/GoldenTests.swift, four steps below the repository's root.
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { path, _ in path.deletingLastPathComponent() }
    let file = root.appendingPathComponent("goldens").appendingPathComponent(name)
    return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
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

    func testHintsArePlacedAsPythonDoes() throws {
        let goldens = try ContractGoldens.load()
        for golden in goldens.hints {
            let hints = golden.hints.map(\.hint)
            let placed = path.place(hints, width: golden.width, height: golden.height, cells: goldens.side / 2)
            XCTAssertEqual(placed.count, golden.placed.count)
            for (one, other) in zip(placed, golden.placed) {
                XCTAssertEqual(one, other, accuracy: 1e-5)
            }
        }
    }

    func testTwoHeadsAreBlendedAsPythonDoes() throws {
        for golden in try ContractGoldens.load().blend {
            let faithful = golden.answers["ab"]!, vivid = golden.answers["vivid_ab"]!
            for (one, other) in zip(path.blend(faithful, vivid, vividness: golden.vividness), golden.chroma) {
                XCTAssertEqual(one * 110, other, accuracy: 1e-3)
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
