#if canImport(UIKit)
import UIKit

extension Colorizer {
    /// Colours a photo, which knows itself how it must be turned. Options are as for a `CGImage`.
    ///
    /// - Throws: `ColorizerError.notAPhoto` where the image has no pixels of its own.
    public func colorize(
        _ photo: UIImage, strength: Float = 1, vividness: Float = Colorizer.defaultVividness, hints: [Hint] = []
    ) async throws -> UIImage {
        guard let pixels = photo.cgImage else { throw ColorizerError.notAPhoto }
        let coloured = try await colorize(
            pixels,
            orientation: CGImagePropertyOrientation(photo.imageOrientation),
            strength: strength,
            vividness: vividness,
            hints: hints
        )
        return UIImage(cgImage: coloured, scale: photo.scale, orientation: .up)
    }
}

extension CGImagePropertyOrientation {
    fileprivate init(_ orientation: UIImage.Orientation) {
        switch orientation {
        case .up: self = .up
        case .upMirrored: self = .upMirrored
        case .down: self = .down
        case .downMirrored: self = .downMirrored
        case .left: self = .left
        case .leftMirrored: self = .leftMirrored
        case .right: self = .right
        case .rightMirrored: self = .rightMirrored
        @unknown default: self = .up
        }
    }
}
#endif
