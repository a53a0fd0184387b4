import EdgeColorizer
import PhotosUI
import SwiftUI

/// Holds one network and one photo while the app lives.
@MainActor
final class PhotoModel: ObservableObject {
    @Published private(set) var original: UIImage?
    @Published private(set) var coloured: UIImage?
    @Published private(set) var isBusy = false
    @Published private(set) var message: String?
    @Published var strength: Float = 1

    private var colorizer: Colorizer?
    private var work: Task<Void, Never>?

    func pick(_ item: PhotosPickerItem) {
        start {
            guard let data = try await item.loadTransferable(type: Data.self), let photo = UIImage(data: data) else {
                throw ColorizerError.notAPhoto
            }
            self.original = photo
            self.coloured = nil
            try await self.colour()
        }
    }

    func recolour() {
        start { try await self.colour() }
    }

    func save() {
        guard let coloured else { return }
        UIImageWriteToSavedPhotosAlbum(coloured, nil, nil, nil)
        message = "Saved among your photos"
    }

    private func colour() async throws {
        guard let original else { return }
        if colorizer == nil { colorizer = try await Colorizer.load() }
        let answer = try await colorizer?.colorize(original, strength: strength)
        try Task.checkCancellation()
        coloured = answer
    }

    /// Only the latest wish counts: what was under way is given up.
    private func start(_ step: @escaping @MainActor () async throws -> Void) {
        work?.cancel()
        work = Task {
            isBusy = true
            message = nil
            do {
                try await step()
            } catch is CancellationError {
                return
            } catch {
                message = error.localizedDescription
            }
            isBusy = false
        }
    }
}
