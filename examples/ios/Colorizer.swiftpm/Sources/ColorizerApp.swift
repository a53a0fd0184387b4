import SwiftUI

@main
struct ColorizerApp: App {
    var body: some Scene {
        WindowGroup { ColorizerScreen() }
    }
}
