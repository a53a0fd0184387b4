import CoreGraphics
import CoreImage
import CoreML
import Foundation
import ImageIO

/// Colours photos with one network, held open between calls. Any task may call it; the work leaves the main thread alone.
public final class Colorizer: Sendable {
    /// As the Python SDK's.
    public static let defaultVividness: Float = 0.8

    private let network: Network
    private let path = ColorPath()

    init(network: Network) {
        self.network = network
    }

    /// Opens the model that came with this package. The first time takes seconds: Core ML compiles it.
    ///
    /// - Throws: `ColorizerError.noModel` where the package was built without one.
    public static func load() async throws -> Colorizer {
        let folder = Bundle.module.url(forResource: "Model", withExtension: nil)
        let files = try folder.map { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }
        guard let package = files?.first(where: { $0.pathExtension == "mlpackage" }) else { throw ColorizerError.noModel }
        return try await load(package)
    }

    /// Opens an .mlpackage, or the .mlmodelc that Xcode compiles it to.
    ///
    /// - Throws: `ColorizerError.wrongModel` where the tensor contract is not met: lightness (1, 1, S, S) in and
    ///   ab (1, 2, S/2, S/2) out; hints (1, 3, S/2, S/2) and vivid_ab may be there too.
    public static func load(_ url: URL) async throws -> Colorizer {
        let compiled = try await url.pathExtension == "mlmodelc" ? url : MLModel.compileModel(at: url)
        let model = try await MLModel.load(contentsOf: compiled, configuration: MLModelConfiguration())
        return Colorizer(network: try Network(model))
    }

    /// Colours a photo of any size; lightness and transparency are its own.
    ///
    /// - Parameters:
    ///   - orientation: How the photo must be turned to be upright; a `CGImage` does not know.
    ///   - strength: Chroma is multiplied by this: 0 is grey, 1 as the network says.
    ///   - vividness: 0 for the faithful answer, 1 for the vivid one; from 0.8 on the vivid one alone counts. A network
    ///     without a vivid head is faithful always.
    ///   - hints: Colours that somebody knows, in the upright photo's pixels.
    /// - Returns: The photo, upright and in sRGB.
    /// - Throws: `ColorizerError.wrongOption` where an option is out of range, a hint is outside the photo, or the network takes none.
    public func colorize(
        _ photo: CGImage,
        orientation: CGImagePropertyOrientation = .up,
        strength: Float = 1,
        vividness: Float = Colorizer.defaultVividness,
        hints: [Hint] = []
    ) async throws -> CGImage {
        try check(strength: strength, vividness: vividness)
        let canvas = try Canvas(photo, orientation: orientation)
        try check(hints, width: canvas.width, height: canvas.height)
        let side = network.side
        let lightness = try canvas.withPhoto { path.lightness(of: $0, side: side) }
        let placed = path.place(hints, width: canvas.width, height: canvas.height, cells: side / 2)
        let answer = try await network.answer(lightness: lightness, hints: placed)
        let ab = answer.vivid.map { path.blend(answer.faithful, $0, vividness: vividness) } ?? answer.faithful
        try canvas.withPhoto { path.merge($0, ab: ab, width: side / 2, height: side / 2, strength: strength) }
        return try canvas.image()
    }

    /// Colours a frame of a camera or a film, into a buffer of its own (BGRA, sRGB). Options are as for a `CGImage`.
    public func colorize(
        _ frame: CVPixelBuffer,
        orientation: CGImagePropertyOrientation = .up,
        strength: Float = 1,
        vividness: Float = Colorizer.defaultVividness,
        hints: [Hint] = []
    ) async throws -> CVPixelBuffer {
        let picture = CIImage(cvPixelBuffer: frame)
        guard let photo = CIContext().createCGImage(picture, from: picture.extent) else { throw ColorizerError.notAPhoto }
        let coloured = try await colorize(
            photo, orientation: orientation, strength: strength, vividness: vividness, hints: hints
        )
        return try Self.buffer(of: coloured)
    }

    private func check(strength: Float, vividness: Float) throws {
        guard strength >= 0, strength.isFinite else {
            throw ColorizerError.wrongOption("strength must be zero or more, not \(strength).")
        }
        guard (0...1).contains(vividness) else {
            throw ColorizerError.wrongOption("vividness must lie in [0, 1], not \(vividness).")
        }
    }

    private func check(_ hints: [Hint], width: Int, height: Int) throws {
        guard hints.isEmpty || network.takesHints else {
            throw ColorizerError.wrongOption("This network takes no hints.")
        }
        for hint in hints {
            guard (0..<Double(width)).contains(hint.x), (0..<Double(height)).contains(hint.y), hint.radius ?? 1 > 0 else {
                throw ColorizerError.wrongOption("\(hint) is outside the photo of \(width) × \(height) pixels, or has no radius.")
            }
        }
    }

    private static func buffer(of image: CGImage) throws -> CVPixelBuffer {
        var buffer: CVPixelBuffer?
        CVPixelBufferCreate(nil, image.width, image.height, kCVPixelFormatType_32BGRA, nil, &buffer)
        guard let buffer else { throw ColorizerError.noMemory(width: image.width, height: image.height) }
        CIContext().render(CIImage(cgImage: image), to: buffer)
        return buffer
    }
}
