"""A line for every layer: how it is made, and the shapes of what it is called on."""

import jax.numpy as jnp

from myelin import layers, saving


@saving.register_keras_serializable("tests")
def double(x):
    return 2 * jnp.asarray(x)


@saving.register_keras_serializable("tests")
def shifted(params, state, inputs):
    return inputs @ params["kernel"] + state["shift"], state


@saving.register_keras_serializable("tests")
def shifted_from(inputs):
    return {"kernel": jnp.ones((inputs.shape[-1], 3)) / 4}, {"shift": jnp.float32(0.5)}


@saving.register_keras_serializable("tests")
class Twice(layers.Wrapper):
    """Calls the layer inside on its own output."""

    def call(self, x):
        return self.layer(self.layer(x))


FLAT, SEQUENCE, IMAGE, VOLUME = (4, 5), (4, 6, 5), (4, 6, 6, 3), (2, 3, 3, 3, 2)

LAYERS = {
    "Dense": (lambda: layers.Dense(3), FLAT),
    "Dense with activation": (lambda: layers.Dense(3, "tanh", use_bias=False), SEQUENCE),
    "Dense regularized": (
        lambda: layers.Dense(
            3, kernel_regularizer="l2", activity_regularizer="l1", kernel_constraint="max_norm"
        ),
        FLAT,
    ),
    "EinsumDense": (
        lambda: layers.EinsumDense(
            "...x,xyz->...yz", (2, 3), "tanh", "yz", kernel_regularizer="l2"
        ),
        SEQUENCE,
    ),
    "EinsumDense across": (lambda: layers.EinsumDense("abc,bd->adc", (3, None)), SEQUENCE),
    "Activation": (lambda: layers.Activation("gelu"), FLAT),
    "Identity": (lambda: layers.Identity(), FLAT),
    "Lambda": (lambda: layers.Lambda(double), FLAT),
    "ReLU": (lambda: layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2), FLAT),
    "LeakyReLU": (lambda: layers.LeakyReLU(0.2), FLAT),
    "PReLU": (lambda: layers.PReLU("uniform", shared_axes=[1]), SEQUENCE),
    "ELU": (lambda: layers.ELU(0.5), FLAT),
    "Softmax": (lambda: layers.Softmax(axis=[1, 2]), SEQUENCE),
    "Conv1D": (lambda: layers.Conv1D(3, 2, padding="causal", activation="tanh"), SEQUENCE),
    "Conv1D dilated": (lambda: layers.Conv1D(4, 2, dilation_rate=2, groups=1), SEQUENCE),
    "Conv2D": (lambda: layers.Conv2D(4, 3, strides=2, padding="same"), IMAGE),
    "Conv2D in groups": (
        lambda: layers.Conv2D(6, 2, groups=3, use_bias=False, kernel_regularizer="l2"),
        IMAGE,
    ),
    "Conv2D channels first": (
        lambda: layers.Conv2D(4, (1, 2), data_format="channels_first"),
        IMAGE,
    ),
    "Conv3D": (lambda: layers.Conv3D(2, 2, strides=(1, 1, 2)), VOLUME),
    "Conv1DTranspose": (lambda: layers.Conv1DTranspose(3, 2, strides=3), SEQUENCE),
    "Conv2DTranspose": (
        lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1),
        IMAGE,
    ),
    "Conv3DTranspose": (lambda: layers.Conv3DTranspose(2, 2), VOLUME),
    "DepthwiseConv1D": (lambda: layers.DepthwiseConv1D(2, strides=2), SEQUENCE),
    "DepthwiseConv2D": (
        lambda: layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
        IMAGE,
    ),
    "SeparableConv1D": (lambda: layers.SeparableConv1D(3, 2), SEQUENCE),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(4, 3, activation="tanh"), IMAGE),
    "CategoryEncoding": (lambda: layers.CategoryEncoding(4, "count"), FLAT),
    "Discretization": (lambda: layers.Discretization([-0.5, 1.0], output_mode="count"), FLAT),
    "MaxPooling1D": (lambda: layers.MaxPooling1D(), SEQUENCE),
    "MaxPooling2D": (lambda: layers.MaxPooling2D(3, 2, "same"), IMAGE),
    "MaxPooling3D": (lambda: layers.MaxPooling3D(), VOLUME),
    "AveragePooling1D": (lambda: layers.AveragePooling1D(2), SEQUENCE),
    "AveragePooling2D": (lambda: layers.AveragePooling2D(3, 2, "same"), IMAGE),
    "AveragePooling3D": (lambda: layers.AveragePooling3D(2), VOLUME),
    "GlobalMaxPooling1D": (lambda: layers.GlobalMaxPooling1D(), SEQUENCE),
    "GlobalMaxPooling2D": (lambda: layers.GlobalMaxPooling2D("channels_first"), IMAGE),
    "GlobalMaxPooling3D": (lambda: layers.GlobalMaxPooling3D(keepdims=True), VOLUME),
    "GlobalAveragePooling1D": (lambda: layers.GlobalAveragePooling1D(), SEQUENCE),
    "GlobalAveragePooling2D": (lambda: layers.GlobalAveragePooling2D(keepdims=True), IMAGE),
    "GlobalAveragePooling3D": (lambda: layers.GlobalAveragePooling3D(), VOLUME),
    "AdaptiveMaxPooling1D": (lambda: layers.AdaptiveMaxPooling1D(4), SEQUENCE),
    "AdaptiveMaxPooling2D": (lambda: layers.AdaptiveMaxPooling2D((3, 4)), IMAGE),
    "AdaptiveMaxPooling3D": (lambda: layers.AdaptiveMaxPooling3D(2), VOLUME),
    "AdaptiveAveragePooling1D": (lambda: layers.AdaptiveAveragePooling1D(4), SEQUENCE),
    "AdaptiveAveragePooling2D": (lambda: layers.AdaptiveAveragePooling2D((3, 4)), IMAGE),
    "AdaptiveAveragePooling3D": (lambda: layers.AdaptiveAveragePooling3D(2), VOLUME),
    "Flatten": (lambda: layers.Flatten(), IMAGE),
    "Flatten channels first": (lambda: layers.Flatten("channels_first"), IMAGE),
    "Reshape": (lambda: layers.Reshape((3, -1)), SEQUENCE),
    "Permute": (lambda: layers.Permute((2, 1)), SEQUENCE),
    "RepeatVector": (lambda: layers.RepeatVector(3), FLAT),
    "SimpleRNN": (lambda: layers.SimpleRNN(3, return_sequences=True), SEQUENCE),
    "LSTM": (lambda: layers.LSTM(3, go_backwards=True, dropout=0.3), SEQUENCE),
    "GRU": (lambda: layers.GRU(3, return_sequences=True, recurrent_dropout=0.3), SEQUENCE),
    "ConvLSTM1D": (
        lambda: layers.ConvLSTM1D(2, 2, dropout=0.3, return_sequences=True),
        (2, 3, 5, 2),
    ),
    "ConvLSTM2D": (
        lambda: layers.ConvLSTM2D(2, 2, strides=2, padding="same", recurrent_dropout=0.3),
        (2, 3, 4, 4, 2),
    ),
    "ConvLSTM3D": (
        lambda: layers.ConvLSTM3D(2, 2, data_format="channels_first"),
        (2, 2, 2, 3, 3, 3),
    ),
    "STFTSpectrogram": (lambda: layers.STFTSpectrogram("psd", frame_length=8), (2, 20, 2)),
    "MelSpectrogram": (lambda: layers.MelSpectrogram(8, 4, num_mel_bins=2, top_db=1e6), (2, 20)),
    "GRU reset before": (lambda: layers.GRU(3, reset_after=False), SEQUENCE),
    "RNN": (
        lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True),
        SEQUENCE,
    ),
    "Bidirectional": (
        lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True), merge_mode="ave"),
        SEQUENCE,
    ),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(3)), SEQUENCE),
    "Masking": (lambda: layers.Masking(), SEQUENCE),
    "Dropout": (lambda: layers.Dropout(0.4), FLAT),
    "Dropout with a shape": (
        lambda: layers.Dropout(0.4, noise_shape=(None, 1, 5), seed=3),
        SEQUENCE,
    ),
    "SpatialDropout1D": (lambda: layers.SpatialDropout1D(0.4), SEQUENCE),
    "SpatialDropout2D": (lambda: layers.SpatialDropout2D(0.4), IMAGE),
    "SpatialDropout3D": (lambda: layers.SpatialDropout3D(0.4), VOLUME),
    "GaussianNoise": (lambda: layers.GaussianNoise(0.3), FLAT),
    "GaussianDropout": (lambda: layers.GaussianDropout(0.3), FLAT),
    "AlphaDropout": (lambda: layers.AlphaDropout(0.3), FLAT),
    "ActivityRegularization": (lambda: layers.ActivityRegularization(0.1, 0.2), FLAT),
    "RandomFlip": (lambda: layers.RandomFlip(), IMAGE),
    "RandomCrop": (lambda: layers.RandomCrop(4, 5), IMAGE),
    "RandomErasing": (lambda: layers.RandomErasing((1, 1), value_range=(-1, 1)), IMAGE),
    "RandomRotation": (lambda: layers.RandomRotation(0.2, "constant"), IMAGE),
    "RandomZoom": (lambda: layers.RandomZoom(0.2, (0.1, 0.3)), IMAGE),
    "RandomTranslation": (lambda: layers.RandomTranslation(0.2, 0.2, "wrap"), IMAGE),
    "RandomShear": (lambda: layers.RandomShear(0.2, 0.1, fill_mode="nearest"), IMAGE),
    "RandomPerspective": (lambda: layers.RandomPerspective((1, 1), 0.4), IMAGE),
    "RandomElasticTransform": (
        lambda: layers.RandomElasticTransform((1, 1), value_range=(-9, 9)),
        IMAGE,
    ),
    "RandomBrightness": (lambda: layers.RandomBrightness(0.3, (-5, 5)), IMAGE),
    "RandomContrast": (lambda: layers.RandomContrast(0.3, (-5, 5)), IMAGE),
    "RandomSaturation": (lambda: layers.RandomSaturation(0.7, (-5, 5)), IMAGE),
    "RandomHue": (lambda: layers.RandomHue(0.3, (-5, 5)), IMAGE),
    "RandomColorDegeneration": (lambda: layers.RandomColorDegeneration(0.5, (-5, 5)), IMAGE),
    "RandomColorJitter": (
        lambda: layers.RandomColorJitter((-5, 5), 0.2, 0.2, 0.6, 0.2),
        IMAGE,
    ),
    "RandomGrayscale": (lambda: layers.RandomGrayscale(), IMAGE),
    "RandomInvert": (lambda: layers.RandomInvert(1.0, (-5, 5)), IMAGE),
    "RandomPosterization": (lambda: layers.RandomPosterization(5, (-5, 5)), IMAGE),
    "Solarization": (lambda: layers.Solarization(0.1, 0.5, (-5, 5)), IMAGE),
    "AutoContrast": (lambda: layers.AutoContrast((-5, 5)), IMAGE),
    "Equalization": (lambda: layers.Equalization((-5, 5)), IMAGE),
    "ContrastLimitedAdaptiveHistogramEqualization": (
        lambda: layers.ContrastLimitedAdaptiveHistogramEqualization((-5, 5), 2.0, (2, 3)),
        IMAGE,
    ),
    "RandomSharpness": (lambda: layers.RandomSharpness(0.8, (-5, 5)), IMAGE),
    "RandomGaussianBlur": (
        lambda: layers.RandomGaussianBlur(sigma=(0.5, 1.0), value_range=(-5, 5)),
        IMAGE,
    ),
    "MixUp": (lambda: layers.MixUp(0.4), IMAGE),
    "CutMix": (lambda: layers.CutMix(), IMAGE),
    "RandAugment": (lambda: layers.RandAugment((-5, 5)), IMAGE),
    "AugMix": (lambda: layers.AugMix((-5, 5), 1, 1, all_ops=False), IMAGE),
    "Pipeline": (
        lambda: layers.Pipeline([layers.RandomInvert(1.0, (-5, 5)), layers.RandomHue(0.2)]),
        IMAGE,
    ),
    "BatchNormalization": (lambda: layers.BatchNormalization(), FLAT),
    "BatchNormalization of images": (lambda: layers.BatchNormalization(axis=1), IMAGE),
    "BatchNormalization bare": (
        lambda: layers.BatchNormalization(center=False, scale=False),
        SEQUENCE,
    ),
    "LayerNormalization": (lambda: layers.LayerNormalization(), FLAT),
    "LayerNormalization of two axes": (lambda: layers.LayerNormalization(axis=[1, 2]), SEQUENCE),
    "LayerNormalization by the spread": (lambda: layers.LayerNormalization(rms_scaling=True), FLAT),
    "GroupNormalization": (lambda: layers.GroupNormalization(3), IMAGE),
    "GroupNormalization of instances": (lambda: layers.GroupNormalization(-1, axis=1), SEQUENCE),
    "RMSNormalization": (lambda: layers.RMSNormalization(axis=(1, 2)), SEQUENCE),
    "UnitNormalization": (lambda: layers.UnitNormalization(), FLAT),
    # Its gradient is the numerical one as far as the singular vectors have converged.
    "SpectralNormalization": (
        lambda: layers.SpectralNormalization(layers.Dense(3), power_iterations=200),
        FLAT,
    ),
    "Wrapper": (lambda: Twice(layers.Dense(5)), FLAT),
    "JaxLayer": (lambda: layers.JaxLayer(shifted, shifted_from), SEQUENCE),
    "JaxLayer with params": (
        lambda: layers.JaxLayer(
            shifted, params={"kernel": jnp.eye(5)}, state={"shift": jnp.float32(0.5)}
        ),
        FLAT,
    ),
    "Rescaling": (lambda: layers.Rescaling(1 / 3, offset=-1.0), IMAGE),
    "Normalization": (lambda: layers.Normalization(mean=[1.0] * 5, variance=[4.0] * 5), FLAT),
    "Normalization inverted": (
        lambda: layers.Normalization(axis=None, mean=1.0, variance=4.0, invert=True),
        IMAGE,
    ),
    "UpSampling1D": (lambda: layers.UpSampling1D(3), SEQUENCE),
    "UpSampling2D": (lambda: layers.UpSampling2D((1, 2)), IMAGE),
    "UpSampling2D in between": (lambda: layers.UpSampling2D(interpolation="bicubic"), IMAGE),
    "UpSampling3D": (lambda: layers.UpSampling3D(data_format="channels_first"), VOLUME),
    "ZeroPadding1D": (lambda: layers.ZeroPadding1D((0, 2)), SEQUENCE),
    "ZeroPadding2D": (lambda: layers.ZeroPadding2D(), IMAGE),
    "ZeroPadding3D": (lambda: layers.ZeroPadding3D(), VOLUME),
    "Cropping1D": (lambda: layers.Cropping1D(), SEQUENCE),
    "Cropping2D": (lambda: layers.Cropping2D(((1, 0), (2, 1))), IMAGE),
    "Cropping3D": (lambda: layers.Cropping3D(1), VOLUME),
    "Resizing": (lambda: layers.Resizing(4, 9, "area"), IMAGE),
    "Resizing undistorted": (lambda: layers.Resizing(4, 9, pad_to_aspect_ratio=True), IMAGE),
    "CenterCrop": (lambda: layers.CenterCrop(3, 4), IMAGE),
    "Add": (lambda: layers.Add(), [SEQUENCE, SEQUENCE, (4, 1)]),
    "Subtract": (lambda: layers.Subtract(), [FLAT, FLAT]),
    "Multiply": (lambda: layers.Multiply(), [SEQUENCE, FLAT]),
    "Average": (lambda: layers.Average(), [FLAT, FLAT]),
    "Maximum": (lambda: layers.Maximum(), [FLAT, FLAT]),
    "Minimum": (lambda: layers.Minimum(), [FLAT, FLAT]),
    "Concatenate": (lambda: layers.Concatenate(axis=1), [SEQUENCE, (4, 2, 5)]),
    "Dot": (lambda: layers.Dot(axes=(1, 2), normalize=True), [SEQUENCE, (4, 3, 6)]),
}
