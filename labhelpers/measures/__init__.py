"""What is measured on models, gradients and samples."""
