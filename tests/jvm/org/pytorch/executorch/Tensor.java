package org.pytorch.executorch;

public final class Tensor {
    final float[] values;

    private Tensor(float[] values) {
        this.values = values;
    }

    public static Tensor fromBlob(float[] values, long[] shape) {
        long count = 1;
        for (long side : shape) count *= side;
        if (count != values.length) throw new IllegalArgumentException("The shape is another than the values'.");
        return new Tensor(values);
    }

    public float[] getDataAsFloatArray() {
        return values;
    }
}
