import CEdgeColorizer
import Foundation

/// The colour path around the network, in C; see native/edge_colorizer.h.
///
/// Its tables are only read once they are filled, so threads may share one.
final class ColorPath: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private var tables: OpaquePointer { OpaquePointer(memory) }

    init() {
        memory = .allocate(byteCount: ec_tables_bytes(), alignment: MemoryLayout<Float>.alignment)
        ec_tables_init(OpaquePointer(memory))
    }

    deinit {
        memory.deallocate()
    }

    /// The tensor contract's lightness of a photo: side × side values of L/50 − 1, in [−1, 1].
    func lightness(of photo: ec_photo, side: Int) -> [Float] {
        let bytes = ec_resize_scratch_bytes(photo.width, photo.height, Int32(side))
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: MemoryLayout<UInt32>.alignment)
        defer { scratch.deallocate() }
        var small = [UInt8](repeating: 0, count: side * side * 3)
        var lightness = [Float](repeating: 0, count: side * side)
        withUnsafePointer(to: photo) { ec_resize($0, Int32(side), &small, scratch) }
        ec_lightness(tables, small, side * side, &lightness)
        return lightness
    }

    /// Colours a photo in place.
    ///
    /// - Parameters:
    ///   - ab: As the network answers it: a/110 of each pixel, then b/110.
    ///   - strength: 0 is grey, 1 as the network says.
    func merge(_ photo: ec_photo, ab: [Float], width: Int, height: Int, strength: Float) {
        precondition(ab.count == 2 * width * height)
        ab.withUnsafeBufferPointer { values in
            var chroma = ec_chroma(ab: values.baseAddress, width: Int32(width), height: Int32(height))
            withUnsafePointer(to: photo) { ec_merge(tables, $0, &chroma, strength, 0, photo.height) }
        }
    }
}
