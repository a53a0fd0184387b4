import Foundation

public enum ColorizerError: LocalizedError, Equatable {
    case noModel
    case wrongModel(String)
    case wrongOption(String)
    case notAPhoto
    case noMemory(width: Int, height: Int)

    public var errorDescription: String? {
        switch self {
        case .noModel: return "This build of EdgeColorizer has no model; take the package from a release."
        case .wrongModel(let why): return "This is no edge-colorizer model: \(why)."
        case .wrongOption(let why): return why
        case .notAPhoto: return "This image has no pixels that can be coloured."
        case .noMemory(let width, let height): return "There is no memory for \(width) × \(height) pixels."
        }
    }
}
