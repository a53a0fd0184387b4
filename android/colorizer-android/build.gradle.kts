plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "org.edgecolorizer"
    compileSdk = 36
    ndkVersion = "27.0.12077973"

    defaultConfig {
        minSdk = 28 // ImageDecoder, which turns photos upright
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") } // what ExecuTorch's library has
        externalNativeBuild {
            cmake { arguments += "-DANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES=ON" } // Android 15's 16 kB pages
        }
        consumerProguardFiles("consumer-rules.pro")
    }

    externalNativeBuild {
        cmake {
            path = file("src/main/c/CMakeLists.txt")
            version = "3.22.1"
        }
    }
}

kotlin { jvmToolchain(17) }

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    // As new as the ExecuTorch that wrote the .pte; see pyproject.toml.
    implementation("org.pytorch:executorch-android:1.5.1")
}
