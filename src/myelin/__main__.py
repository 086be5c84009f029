"""`python -m myelin script.py`: runs somebody's Keras program on Myelin."""

from myelin.keras_script.runner import main

if __name__ == "__main__":
    main()
