/// A disc of a photo whose colour is known. Only the colour's hue and chroma count: lightness stays the photo's.
public struct Hint: Sendable, Equatable {
    /// Its centre, in pixels from the photo's left edge.
    public var x: Double
    /// Its centre, in pixels from the photo's top edge.
    public var y: Double
    /// sRGB levels.
    public var red, green, blue: UInt8
    /// In pixels; by default an 85th of the photo's longer side.
    public var radius: Double?

    public init(x: Double, y: Double, red: UInt8, green: UInt8, blue: UInt8, radius: Double? = nil) {
        self.x = x
        self.y = y
        self.red = red
        self.green = green
        self.blue = blue
        self.radius = radius
    }
}
