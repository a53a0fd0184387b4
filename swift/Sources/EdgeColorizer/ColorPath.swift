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

    /// The tensor contract's hints, 3 × cells × cells values.
    func place(_ hints: [Hint], width: Int, height: Int, cells: Int) -> [Float] {
        let discs = hints.map { hint in
            ec_hint(x: hint.x, y: hint.y, radius: hint.radius ?? -1, rgb: (hint.red, hint.green, hint.blue))
        }
        var placed = [Float](repeating: 0, count: 3 * cells * cells)
        ec_place_hints(tables, discs, discs.count, Int32(width), Int32(height), Int32(cells), &placed)
        return placed
    }

    /// What lies between a network's two answers: `vividness` of 0 is faithful, 1 vivid.
    func blend(_ faithful: [Float], _ vivid: [Float], vividness: Float) -> [Float] {
        precondition(faithful.count == vivid.count)
        var blended = faithful
        ec_blend(faithful, vivid, faithful.count, vividness, &blended)
        return blended
    }

    /// Colours a photo in place, its rows side by side on all processors.
    ///
    /// - Parameters:
    ///   - ab: As the network answers it: a/110 of each of width × height pixels, then b/110.
    ///   - strength: 0 is grey, 1 as the network says.
    func merge(_ photo: ec_photo, ab: [Float], width: Int, height: Int, strength: Float) {
        precondition(ab.count == 2 * width * height)
        let rows = Int(photo.height)
        let strips = (rows + Self.stripRows - 1) / Self.stripRows
        ab.withUnsafeBufferPointer { values in
            let chroma = ec_chroma(ab: values.baseAddress, width: Int32(width), height: Int32(height))
            DispatchQueue.concurrentPerform(iterations: strips) { strip in
                let first = strip * Self.stripRows
                let end = min(first + Self.stripRows, rows)
                withUnsafePointer(to: photo) { photo in
                    withUnsafePointer(to: chroma) { ec_merge(tables, photo, $0, strength, Int32(first), Int32(end)) }
                }
            }
        }
    }

    private static let stripRows = 256
}
