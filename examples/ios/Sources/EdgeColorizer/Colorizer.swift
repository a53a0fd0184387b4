import CEdgeColorizer
import CoreGraphics
import CoreML
import Foundation

public enum ColorizerError: LocalizedError {
    case wrongModel(String)
    case noMemory(width: Int, height: Int)

    public var errorDescription: String? {
        switch self {
        case .wrongModel(let why): return "This is no edge-colorizer model: \(why)."
        case .noMemory(let width, let height): return "There is no memory for \(width) × \(height) pixels."
        }
    }
}

/// Colours photos with one network, held open between calls. Core ML asks that one thread at a time calls it.
public final class Colorizer {
    private let model: MLModel
    private let side: Int
    private let path = ColorPath()

    /// Opens an .mlpackage, which takes seconds, or the .mlmodelc that Xcode compiles it to.
    public static func load(_ url: URL) async throws -> Colorizer {
        let compiled = try await url.pathExtension == "mlmodelc" ? url : MLModel.compileModel(at: url)
        return try await Colorizer(model: MLModel.load(contentsOf: compiled, configuration: MLModelConfiguration()))
    }

    /// - Throws: `ColorizerError.wrongModel` where the tensor contract is not met: lightness (1, 1, S, S) in,
    ///   ab (1, 2, S/2, S/2) out.
    public init(model: MLModel) throws {
        let input = model.modelDescription.inputDescriptionsByName["lightness"]?.multiArrayConstraint
        guard let shape = input?.shape.map(\.intValue), shape.count == 4, shape[2] == shape[3] else {
            throw ColorizerError.wrongModel("it has no square input \"lightness\"")
        }
        guard model.modelDescription.outputDescriptionsByName["ab"] != nil else {
            throw ColorizerError.wrongModel("it has no output \"ab\"")
        }
        self.model = model
        side = shape[3]
    }

    /// Colours an upright photo: a `CGImage` knows no EXIF turn, and transparency is dropped.
    ///
    /// - Parameter strength: 0 is grey, 1 as the network says.
    public func colorize(_ image: CGImage, strength: Float = 1) throws -> CGImage {
        guard let context = Self.rgbaContext(width: image.width, height: image.height), let levels = context.data else {
            throw ColorizerError.noMemory(width: image.width, height: image.height)
        }
        context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
        let photo = ec_photo(
            levels: levels.assumingMemoryBound(to: UInt8.self),
            row_bytes: context.bytesPerRow,
            width: Int32(image.width),
            height: Int32(image.height),
            pixel_bytes: 4
        )
        let ab = try predictAb(path.lightness(of: photo, side: side))
        path.merge(photo, ab: ab, width: side / 2, height: side / 2, strength: strength)
        guard let coloured = context.makeImage() else {
            throw ColorizerError.noMemory(width: image.width, height: image.height)
        }
        return coloured
    }

    private func predictAb(_ lightness: [Float]) throws -> [Float] {
        let input = MLMultiArray(MLShapedArray(scalars: lightness, shape: [1, 1, side, side]))
        let answer = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: ["lightness": input]))
        guard let ab = answer.featureValue(for: "ab")?.multiArrayValue, ab.count == side * side / 2 else {
            throw ColorizerError.wrongModel("its answer is not (1, 2, \(side / 2), \(side / 2))")
        }
        return MLShapedArray<Float>(converting: ab).scalars // rows without the gaps that Core ML may leave
    }

    /// 8 bits of red, green, blue and one unused, in sRGB: drawing into it converts any other colour space.
    private static func rgbaContext(width: Int, height: Int) -> CGContext? {
        CGContext(
            data: nil,
            width: width,
            height: height,
            bitsPerComponent: 8,
            bytesPerRow: 0,
            space: CGColorSpace(name: CGColorSpace.sRGB)!,
            bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue | CGBitmapInfo.byteOrder32Big.rawValue
        )
    }
}
