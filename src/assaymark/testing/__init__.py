"""What tests and the demo need to build Android packages from readable source text. The product never imports it."""
