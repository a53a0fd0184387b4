import CoreML
import Foundation

/// A network in Core ML that keeps the tensor contract. Core ML asks that one task at a time calls it: an actor does.
actor Network {
    nonisolated let side: Int
    nonisolated let takesHints: Bool
    private let model: MLModel

    init(_ model: MLModel) throws {
        let inputs = model.modelDescription.inputDescriptionsByName
        guard let shape = inputs["lightness"]?.multiArrayConstraint?.shape.map(\.intValue), shape.count == 4,
            shape[2] == shape[3]
        else { throw ColorizerError.wrongModel("it has no square input \"lightness\"") }
        guard model.modelDescription.outputDescriptionsByName["ab"] != nil else {
            throw ColorizerError.wrongModel("it has no output \"ab\"")
        }
        self.model = model
        side = shape[3]
        takesHints = inputs["hints"] != nil
    }

    /// The faithful answer, and the vivid one if the network has it: a/110 and b/110 of side/2 × side/2 pixels.
    func answer(lightness: [Float], hints: [Float]) throws -> (faithful: [Float], vivid: [Float]?) {
        var given = ["lightness": MLMultiArray(MLShapedArray(scalars: lightness, shape: [1, 1, side, side]))]
        if takesHints {
            given["hints"] = MLMultiArray(MLShapedArray(scalars: hints, shape: [1, 3, side / 2, side / 2]))
        }
        let answer = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: given))
        guard let faithful = try chroma(of: answer, named: "ab") else {
            throw ColorizerError.wrongModel("it answered no \"ab\"")
        }
        return (faithful, try chroma(of: answer, named: "vivid_ab"))
    }

    private func chroma(of answer: MLFeatureProvider, named name: String) throws -> [Float]? {
        guard let values = answer.featureValue(for: name)?.multiArrayValue else { return nil }
        guard values.count == side * side / 2 else {
            throw ColorizerError.wrongModel("its \"\(name)\" is not (1, 2, \(side / 2), \(side / 2))")
        }
        return MLShapedArray<Float>(converting: values).scalars // rows without the gaps that Core ML may leave
    }
}
