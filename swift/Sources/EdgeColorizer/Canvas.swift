import CEdgeColorizer
import CoreGraphics
import ImageIO

/// A photo's pixels in sRGB, upright, where C can reach them: red, green, blue and opacity of 8 bits each.
struct Canvas {
    private let context: CGContext
    private let hasAlpha: Bool

    /// Draws a photo, which turns it upright and converts any other colour space.
    init(_ image: CGImage, orientation: CGImagePropertyOrientation) throws {
        let turned = orientation.swapsSides
        let width = turned ? image.height : image.width
        let height = turned ? image.width : image.height
        hasAlpha = ![.none, .noneSkipFirst, .noneSkipLast].contains(image.alphaInfo)
        let alpha: CGImageAlphaInfo = hasAlpha ? .premultipliedLast : .noneSkipLast
        guard
            let context = CGContext(
                data: nil,
                width: width,
                height: height,
                bitsPerComponent: 8,
                bytesPerRow: 0,
                space: CGColorSpace(name: CGColorSpace.sRGB)!,
                bitmapInfo: alpha.rawValue | CGBitmapInfo.byteOrder32Big.rawValue
            )
        else { throw ColorizerError.noMemory(width: width, height: height) }
        context.concatenate(orientation.upright(width: CGFloat(width), height: CGFloat(height)))
        context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
        self.context = context
    }

    var width: Int { context.width }
    var height: Int { context.height }

    /// Hands the pixels to C, with colours that are not multiplied by their opacity.
    func withPhoto<Answer>(_ use: (ec_photo) throws -> Answer) throws -> Answer {
        guard let levels = context.data else { throw ColorizerError.noMemory(width: width, height: height) }
        var photo = ec_photo(
            levels: levels.assumingMemoryBound(to: UInt8.self),
            row_bytes: context.bytesPerRow,
            width: Int32(width),
            height: Int32(height),
            pixel_bytes: 4
        )
        if hasAlpha { ec_unpremultiply(&photo) }
        defer { if hasAlpha { ec_premultiply(&photo) } }
        return try use(photo)
    }

    func image() throws -> CGImage {
        guard let image = context.makeImage() else { throw ColorizerError.noMemory(width: width, height: height) }
        return image
    }
}

extension CGImagePropertyOrientation {
    fileprivate var swapsSides: Bool {
        switch self {
        case .left, .leftMirrored, .right, .rightMirrored: return true
        default: return false
        }
    }

    /// What turns a photo that is drawn at the origin upright, into `width` × `height`. Core Graphics counts from below.
    fileprivate func upright(width: CGFloat, height: CGFloat) -> CGAffineTransform {
        switch self {
        case .up: return .identity
        case .upMirrored: return CGAffineTransform(a: -1, b: 0, c: 0, d: 1, tx: width, ty: 0)
        case .down: return CGAffineTransform(a: -1, b: 0, c: 0, d: -1, tx: width, ty: height)
        case .downMirrored: return CGAffineTransform(a: 1, b: 0, c: 0, d: -1, tx: 0, ty: height)
        case .left: return CGAffineTransform(a: 0, b: 1, c: -1, d: 0, tx: width, ty: 0)
        case .leftMirrored: return CGAffineTransform(a: 0, b: -1, c: -1, d: 0, tx: width, ty: height)
        case .right: return CGAffineTransform(a: 0, b: -1, c: 1, d: 0, tx: 0, ty: height)
        case .rightMirrored: return CGAffineTransform(a: 0, b: 1, c: 1, d: 0, tx: 0, ty: 0)
        @unknown default: return .identity
        }
    }
}
