"""Windows on the border of Baarle: (longitudes, latitudes) in degrees, each a square on the ground."""

WINDOWS = {
    "town": ((4.910, 4.956), (51.4285, 51.4570)),  # 3.2 km: 21 exclaves with their counter-enclaves
    "region": ((4.830, 4.956), (51.39600, 51.47407)),  # 8.7 km: all but one exclave, and the frontier in the south
    "centre": ((4.925, 4.948), (51.43450, 51.44875)),  # 1.6 km: the town's middle, where the exclaves are densest
    "frontier": ((4.858, 4.904), (51.4000, 51.4285)),  # 3.2 km: the jagged frontier and one exclave
    "straight": ((4.953, 4.999), (51.4130, 51.4415)),  # 3.2 km: nothing but a frontier drawn with a ruler, one bend
}
