format: capstan.signature/1
sourc: 5f1d0c9b2a4e8f70
publisher: acme
sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd1dc56150bf00a08
signature: 5VZDAMNgrHÀQhuLMgG6C542O„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„„DFXYYPCXxTjGqmVbLrQ8sw0Xkm/ZRHNFrs7G6I6AjgILEf+OJNQMGQ==
signedAt: 4052-01-02T03:04:05Z
