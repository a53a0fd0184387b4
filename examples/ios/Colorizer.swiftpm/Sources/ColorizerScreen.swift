import PhotosUI
import SwiftUI

/// Picks a photo, colours it, and saves or shares it.
struct ColorizerScreen: View {
    @StateObject private var photo = PhotoModel()
    @State private var picked: PhotosPickerItem?

    var body: some View {
        VStack(spacing: 16) {
            Spacer(minLength: 0)
            if let original = photo.original {
                Comparison(original: original, coloured: photo.coloured)
            }
            Spacer(minLength: 0)
            if photo.isBusy { ProgressView() }
            if let message = photo.message { Text(message) }
            if let coloured = photo.coloured {
                Slider(value: $photo.strength, in: 0...2) {
                    Text("Strength")
                } onEditingChanged: { isEditing in
                    if !isEditing { photo.recolour() }
                }
                HStack {
                    Button("Save", action: photo.save)
                    Spacer()
                    ShareLink(item: Image(uiImage: coloured), preview: SharePreview("Photo", image: Image(uiImage: coloured)))
                }
            }
            PhotosPicker("Pick a photo", selection: $picked, matching: .images).buttonStyle(.borderedProminent)
        }
        .padding()
        .onChange(of: picked) { item in
            if let item { photo.pick(item) }
        }
    }
}

/// The coloured photo, and the original left of where the user has dragged to.
private struct Comparison: View {
    let original: UIImage
    let coloured: UIImage?
    @State private var split: CGFloat = 0

    var body: some View {
        Image(uiImage: coloured ?? original)
            .resizable()
            .scaledToFit()
            .overlay {
                GeometryReader { area in
                    Image(uiImage: original)
                        .resizable()
                        .mask(alignment: .leading) { Rectangle().frame(width: area.size.width * split) }
                        .contentShape(Rectangle())
                        .gesture(
                            DragGesture(minimumDistance: 0).onChanged { drag in
                                split = min(max(drag.location.x / area.size.width, 0), 1)
                            }
                        )
                }
            }
            .accessibilityLabel("Drag across the photo to compare")
    }
}
